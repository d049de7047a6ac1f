import WaybillCore

/// `/v1/accounts`: people who sign in.
package enum AccountOperations {
    private static let account = APIParameter.path("account", AccessShapes.id, "The login name.")

    package static func all(_ desk: AccessDesk) -> [APIOperation] {
        [
            APIOperation(
                "listAccounts", .get, "/v1/accounts", resource: "accounts", "Everybody who may sign in, or did.", permission: .manageAccess,
                parameters: APIParameter.paging, answer: .page(of: shape)
            ) { call in AccessShapes.page(await desk.accounts(), call.page, id: \.id, json: json) },
            APIOperation(
                "createAccount", .post, "/v1/accounts", resource: "accounts",
                "Make an account; its set-up code is shown in this answer and never again.", permission: .manageAccess,
                body: .json(request), answer: .json(invitation, status: 201), problems: [.conflict, .unprocessable]
            ) { call in
                let new = try await desk.create(
                    account: call.body["id"].text ?? "", name: call.body["name"].text ?? "", grant: try AccessShapes.grant(call.body),
                    by: .principal(call.principal))
                return .json(json(new), status: 201, location: "/v1/accounts/\(new.id)")
            },
            APIOperation(
                "getAccount", .get, "/v1/accounts/{account}", resource: "accounts", "One account.", permission: .manageAccess,
                parameters: [account], answer: .json(shape), problems: [.notFound]
            ) { call in answer(try await desk.account(call.values["account"] ?? "")) },
            APIOperation(
                "changeAccount", .put, "/v1/accounts/{account}", resource: "accounts",
                "Give other roles or another name; ends the account's sessions. Nobody changes their own.", permission: .manageAccess,
                parameters: [account], body: .json(change), answer: .json(shape), needsMatch: true,
                problems: [.notFound, .unprocessable, .notPermitted]
            ) { call in
                let changed = try await desk.change(
                    account: call.values["account"] ?? "", name: call.body["name"].text ?? "", grant: try AccessShapes.grant(call.body),
                    match: call.match.map { Int($0) ?? 0 }, by: .principal(call.principal))
                return answer(changed)
            },
        ] + acts(desk)
    }

    private static func acts(_ desk: AccessDesk) -> [APIOperation] {
        [
            APIOperation(
                "disableAccount", .post, "/v1/accounts/{account}/disable", resource: "accounts",
                "Permit it nothing from the next request on, and end its sessions.", permission: .manageAccess, parameters: [account],
                answer: .json(shape), problems: [.notFound, .notPermitted]
            ) { call in
                answer(try await desk.set(account: call.values["account"] ?? "", isDisabled: true, by: .principal(call.principal)))
            },
            APIOperation(
                "enableAccount", .post, "/v1/accounts/{account}/enable", resource: "accounts", "Let it in again.",
                permission: .manageAccess, parameters: [account], answer: .json(shape), problems: [.notFound, .notPermitted]
            ) { call in
                answer(try await desk.set(account: call.values["account"] ?? "", isDisabled: false, by: .principal(call.principal)))
            },
            APIOperation(
                "resetAccount", .post, "/v1/accounts/{account}/reset", resource: "accounts",
                "Make password, second factor and recovery codes good for nothing; a new set-up code is the answer.",
                permission: .manageAccess, parameters: [account], answer: .json(invitation),
                problems: [.notFound, .notPermitted, .conflict]
            ) { call in .json(json(try await desk.reset(account: call.values["account"] ?? "", by: .principal(call.principal)))) },
        ]
    }

    private static let name = JSONShape.Member.required("name", .text(bytes: 1...AccessDesk.nameBytesMax), "For people to read.")
    private static let request = JSONShape.named(
        "AccountRequest",
        .object([.required("id", AccessShapes.id, "The login name; no e-mail address."), name] + AccessShapes.grantMembers))
    private static let change = JSONShape.named("AccountChange", .object([name] + AccessShapes.grantMembers))
    static let shape = JSONShape.named(
        "Account",
        .object(
            [
                .required("id", AccessShapes.id, "The login name."), name,
                .required("state", .oneOf(["invited", "active", "disabled"]), ""),
                .required("federated", .boolean, "Signs in at the identity provider."),
                .required("created_at", AccessShapes.time, ""), .required("created_by", .text(), ""),
                .required("signed_in_at", .nullable(AccessShapes.time), "The last time."),
                .required("recovery_codes_left", .integer(0...RecoveryCodes.count), ""),
            ] + AccessShapes.grantMembers))
    private static let invitation = JSONShape.named(
        "SetUpCode",
        .object([
            .required("account", AccessShapes.id, ""),
            .required("set_up_code", .text(), "Its owner enters it at `/console/set-up`, once."),
            .required("expires_at", AccessShapes.time, ""),
        ]))

    private static func answer(_ account: Account) -> APIAnswer { .json(json(account), etag: String(account.version)) }

    static func json(_ account: Account) -> JSONValue {
        var members = AccessShapes.members(account.grant)
        members["id"] = .string(account.id)
        members["name"] = .string(account.name)
        members["state"] = .string(account.state.rawValue)
        members["federated"] = .bool(account.link != nil)
        members["created_at"] = .string(account.createdAt.rfc3339)
        members["created_by"] = .string(account.createdBy)
        members["signed_in_at"] = .optional(account.signedInAt?.rfc3339)
        members["recovery_codes_left"] = .int(Int64(account.recoveryCodes.count))
        return .object(members)
    }

    private static func json(_ new: AccessDesk.NewAccount) -> JSONValue {
        .object([
            "account": .string(new.id), "set_up_code": .string(new.setUpCode), "expires_at": .string(new.expiresAt.rfc3339),
        ])
    }
}

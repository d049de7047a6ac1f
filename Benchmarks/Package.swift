// swift-tools-version: 6.3
import PackageDescription

// `package` access ends at a package's edge. Benchmarks reach inside by giving the compiler the root's own package name: what
// SwiftPM makes of its checkout directory's name (lower case, an identifier).
let directory = Context.packageDirectory.split(separator: "/").dropLast().last.map { $0.lowercased() } ?? "waybill"
let packageName = String(
    directory.enumerated().map { i, character in
        character.isASCII && (character.isLetter || (character.isNumber && i > 0)) ? character : "_"
    })

let package = Package(
    name: "waybill-benchmarks",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "waybill", path: ".."),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .target(name: "CCounters"),
        .executableTarget(
            name: "generate-log",
            dependencies: [
                .product(name: "WaybillCore", package: "waybill"), .product(name: "WaybillLedger", package: "waybill"),
                .product(name: "WaybillStorage", package: "waybill"), .product(name: "Crypto", package: "swift-crypto"),
            ],
            path: "Sources/GenerateLog",
            packageAccess: false,
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .unsafeFlags(["-package-name", packageName]),
            ]),
        .executableTarget(
            name: "WaybillBenchmarks",
            dependencies: [
                "CCounters", .product(name: "WaybillCore", package: "waybill"), .product(name: "WaybillLedger", package: "waybill"),
                .product(name: "WaybillStorage", package: "waybill"), .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ],
            // SwiftPM would pass this package's own name, and the last one counts.
            packageAccess: false,
            swiftSettings: [
                .swiftLanguageMode(.v6),
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .unsafeFlags(["-package-name", packageName]),
            ]),
    ]
)

/// The `transfers.yaml` and `terms.yaml` that hold unless the set brings its own.
enum BuiltInPolicy {
    /// Adequacy decisions and other dated facts. `confirmed: false`: the date is general knowledge and must be checked against the
    /// Official Journal before anyone relies on it. Half-open, UTC.
    static let transfers = """
        # Sources: Commission adequacy decisions under Article 45 GDPR and Article 25(6) of Directive 95/46/EC (Official Journal);
        # UK adequacy regulations; annex 1 to the Swiss Data Protection Ordinance; Implementing Decision (EU) 2021/914 (SCC modules);
        # CJEU C-362/14 (Safe Harbor) and C-311/18 (Privacy Shield); national laws under Article 8(1) GDPR; state privacy laws (GPC).
        adequacy:
          - {regime: gdpr, to: CH, scope: all, from: 2000-07-26, confirmed: false}
          - {regime: gdpr, to: CA, scope: commercial_organisations, from: 2001-12-20, confirmed: false}
          - {regime: gdpr, to: AR, scope: all, from: 2003-06-30, confirmed: false}
          - {regime: gdpr, to: GG, scope: all, from: 2003-11-21, confirmed: false}
          - {regime: gdpr, to: IM, scope: all, from: 2004-04-28, confirmed: false}
          - {regime: gdpr, to: JE, scope: all, from: 2008-05-08, confirmed: false}
          - {regime: gdpr, to: FO, scope: all, from: 2010-03-05, confirmed: false}
          - {regime: gdpr, to: AD, scope: all, from: 2010-10-19, confirmed: false}
          - {regime: gdpr, to: IL, scope: automated_processing, from: 2011-01-31, confirmed: false}
          - {regime: gdpr, to: UY, scope: all, from: 2012-08-21, confirmed: false}
          - {regime: gdpr, to: NZ, scope: all, from: 2012-12-19, confirmed: false}
          - {regime: gdpr, to: JP, scope: private_sector, from: 2019-01-23, confirmed: false}
          - {regime: gdpr, to: GB, scope: gdpr, from: 2021-06-28, until: 2031-12-27, confirmed: true}
          - {regime: gdpr, to: KR, scope: pipa, from: 2021-12-17, confirmed: true}
          - {regime: gdpr, to: US, scope: dpf_participants, decision: EU-US-DPF, from: 2023-07-10, confirmed: true}
          - {regime: gdpr, to: EPO, scope: international_organisation, from: 2025-07-15, confirmed: true}
          - {regime: gdpr, to: BR, scope: mutual, from: 2026-01-27, confirmed: true}
          - {regime: uk_gdpr, to: US, scope: uk_extension_participants, decision: UK-US-BRIDGE, from: 2023-10-12, confirmed: false}
          - {regime: uk_gdpr, to: EEA, scope: all, from: 2021-01-01, confirmed: false}
          - {regime: fadp, to: US, scope: dpf_participants, decision: CH-US-DPF, from: 2024-09-15, confirmed: true}
          - {regime: fadp, to: EEA, scope: all, from: 2000-07-26, confirmed: false}
        invalidated:
          - {mechanism: safe-harbor, from: 2000-07-26, until: 2015-10-06}
          - {mechanism: privacy-shield, from: 2016-07-12, until: 2020-07-16}
        eea: [AT, BE, BG, HR, CY, CZ, DK, EE, FI, FR, DE, GR, HU, IE, IT, LV, LT, LU, MT, NL, PL, PT, RO, SK, SI, ES, SE, IS, LI, NO]
        scc_modules: {1: [controller, controller], 2: [controller, processor], 3: [processor, processor], 4: [processor, controller]}
        children_age: {default: 16, AT: 14, BE: 13, CZ: 15, DK: 15, FI: 13, FR: 15, DE: 16, IE: 16, IT: 14, NL: 16, SK: 16, ES: 14, SE: 13,
          source: "2018-19 tracker; verify"}
        gpc_states: {list: [CA, CO, CT, DE, MD, MN, MT, NE, NH, NJ, OR, TX], note: "sources differ on NE and others; dated data"}
        """

    /// Article 28(3) and 26 GDPR (the UK's are the same articles), 11 CCR § 7051(a) and § 7053(a) (CCPA regulations).
    static let terms = """
        checklists:
          art28.3:
            regimes: [gdpr, uk_gdpr]
            roles: [processor, subprocessor]
            items:
              a: processes only on documented instructions
              b: persons authorised are bound to confidentiality
              c: security of processing (Article 32)
              d: conditions for engaging another processor
              e: assists with data subjects' rights
              f: assists with Articles 32 to 36
              g: deletes or returns the data at the end
              h: makes information available, allows audits
          art26:
            regimes: [gdpr, uk_gdpr]
            roles: [joint_controller]
            items:
              responsibilities: who does what to comply
              rights: who answers data subjects
              information: who informs under Articles 13 and 14
              essence: the essence is available to data subjects
          ccpa7051:
            regimes: [us]
            us_roles: [service_provider, contractor]
            items:
              "1": no selling or sharing
              "2": the specific business purposes
              "3": no other purposes
              "4": no other commercial purposes
              "5": not outside the direct business relationship
              "6": complies with the CCPA, same level of protection
              "7": steps to ensure the use is as the business may
              "8": tells within five business days if it no longer can
              "9": the business may stop and remediate
              "10": enables the business to answer consumers' requests
          ccpa7053:
            regimes: [us]
            us_roles: [third_party]
            items:
              "1": the limited and specified purposes
              "2": only for those purposes
              "3": complies with the CCPA, same level of protection
              "4": steps to ensure the use is as the business may
              "5": the business may stop and remediate
              "6": tells within five business days if it no longer can
        """
}

/// What a report says, in order, before it is known how it is shown.
struct ReportDocument {
    struct Table {
        struct Column {
            var title: String
            var isNumber = false
            /// Of the table's width, relative to the others.
            var share = 1.0
        }
        var caption: String
        var columns: [Column]
        var rows: [[String]]
    }

    enum Block {
        case paragraph(String)
        case list([String])
        /// Labels and values.
        case facts([(label: String, value: String)])
        case chart(Drawing)
        case table(Table)
    }

    struct Section {
        var title: String
        /// 2 or 3; 1 is the document's title.
        var level: Int
        var blocks: [Block]
    }

    var title: String
    var subtitle: String
    /// For the document's properties.
    var author: String
    /// RFC 3339, whole seconds.
    var made: String
    var sections: [Section]
}

import CPangoCairo

/// Pages of A4 that Cairo draws and Pango sets text on. Positions are in points from the upper left corner.
///
/// `close` once; only then `bytes` are a whole document.
final class PDFSheet {
    static let (width, height) = (595.28, 841.89)

    enum Weight { case normal, bold }
    enum Align { case left, right, center }

    struct Style {
        var size: Double
        var weight = Weight.normal
        var color = PDFColor.text
        var align = Align.left
        /// Longer text ends with an ellipsis.
        var linesMax = 12
    }

    private let sink = Unmanaged.passRetained(Sink())
    private let surface: OpaquePointer
    private let context: OpaquePointer
    private let layout: OpaquePointer
    private var isClosed = false

    init(_ document: ReportDocument) throws(ReportFailure) {
        let write: cairo_write_func_t = { closure, data, count in
            guard let closure, let data else { return CAIRO_STATUS_WRITE_ERROR }
            let sink = Unmanaged<Sink>.fromOpaque(closure).takeUnretainedValue()
            sink.bytes.append(contentsOf: UnsafeBufferPointer(start: data, count: Int(count)))
            return CAIRO_STATUS_SUCCESS
        }
        guard let surface = cairo_pdf_surface_create_for_stream(write, sink.toOpaque(), Self.width, Self.height),
            let context = cairo_create(surface), let layout = pango_cairo_create_layout(context)
        else {
            sink.release()
            throw ReportFailure("The PDF could not be begun; there is not enough memory.")
        }
        (self.surface, self.context, self.layout) = (surface, context, layout)
        // Names may be written from right to left, but everything stands in a document that is not.
        pango_layout_set_auto_dir(layout, 0)
        pango_layout_set_wrap(layout, PANGO_WRAP_WORD_CHAR)
        pango_layout_set_ellipsize(layout, PANGO_ELLIPSIZE_END)
        // An id that is broken over lines must not look as if it had a hyphen.
        let attributes = pango_attr_list_new()
        pango_attr_list_insert(attributes, pango_attr_insert_hyphens_new(0))
        pango_layout_set_attributes(layout, attributes)
        pango_attr_list_unref(attributes)
        let facts: [(cairo_pdf_metadata_t, String)] = [
            (CAIRO_PDF_METADATA_TITLE, document.title), (CAIRO_PDF_METADATA_AUTHOR, document.author),
            (CAIRO_PDF_METADATA_SUBJECT, document.subtitle), (CAIRO_PDF_METADATA_CREATOR, "Waybill"),
            (CAIRO_PDF_METADATA_CREATE_DATE, document.made), (CAIRO_PDF_METADATA_MOD_DATE, document.made),
        ]
        for (name, value) in facts { cairo_pdf_surface_set_metadata(surface, name, PDFText.clean(value)) }
    }

    deinit {
        waybill_unref(UnsafeMutableRawPointer(layout))
        cairo_destroy(context)
        cairo_surface_destroy(surface)
        sink.release()
    }

    /// The document, whole.
    func close() throws(ReportFailure) -> [UInt8] {
        cairo_surface_finish(surface)
        for status in [cairo_status(context), cairo_surface_status(surface)] where status != CAIRO_STATUS_SUCCESS {
            throw ReportFailure(
                "The PDF could not be written (\(String(cString: cairo_status_to_string(status)))); free memory and try again.")
        }
        return sink.takeUnretainedValue().bytes
    }

    func endPage() { cairo_show_page(context) }

    /// An entry of the outline that leads to where the page is now.
    func outline(_ title: String, level: Int, at y: Double, page: Int, below parent: Int32) -> Int32 {
        let text = PDFText.clean(title)
        let place = "page=\(page) pos=[0 \(Int(y))]"
        return cairo_pdf_surface_add_outline(
            surface, parent, text, place, level < 3 ? CAIRO_PDF_OUTLINE_FLAG_OPEN : cairo_pdf_outline_flags_t(0))
    }

    func height(of text: String, width: Double, _ style: Style) -> Double {
        prepare(text, width, style)
        var (w, h) = (CInt(0), CInt(0))
        pango_layout_get_size(layout, &w, &h)
        return Double(h) / Double(PANGO_SCALE)
    }

    /// `y`: the text's upper edge.
    func text(_ text: String, x: Double, y: Double, width: Double, _ style: Style) {
        prepare(text, width, style)
        set(style.color)
        cairo_move_to(context, x, y)
        pango_cairo_show_layout(context, layout)
    }

    /// `y`: the baseline. `x`: where it begins, has its middle or ends.
    func label(_ text: String, x: Double, y: Double, anchor: Drawing.Anchor, widthMax: Double, size: Double, color: PDFColor) {
        prepare(text, widthMax, Style(size: size, linesMax: 1))
        var (w, h) = (CInt(0), CInt(0))
        pango_layout_get_size(layout, &w, &h)
        let width = Double(w) / Double(PANGO_SCALE)
        let shift = anchor == .start ? 0 : anchor == .middle ? width / 2 : width
        set(color)
        cairo_move_to(context, x - shift, y - Double(pango_layout_get_baseline(layout)) / Double(PANGO_SCALE))
        pango_cairo_show_layout(context, layout)
    }

    func rect(x: Double, y: Double, width: Double, height: Double, _ color: PDFColor) {
        set(color)
        cairo_rectangle(context, x, y, width, height)
        cairo_fill(context)
    }

    func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ color: PDFColor, width: Double = 0.6) {
        set(color)
        cairo_set_line_width(context, width)
        cairo_move_to(context, x1, y1)
        cairo_line_to(context, x2, y2)
        cairo_stroke(context)
    }

    private func set(_ color: PDFColor) { cairo_set_source_rgb(context, color.red, color.green, color.blue) }

    private func prepare(_ text: String, _ width: Double, _ style: Style) {
        let font = pango_font_description_new()
        pango_font_description_set_family(font, "Noto Sans, DejaVu Sans, Sans")
        pango_font_description_set_weight(font, style.weight == .bold ? PANGO_WEIGHT_BOLD : PANGO_WEIGHT_NORMAL)
        pango_font_description_set_absolute_size(font, style.size * Double(PANGO_SCALE))
        pango_layout_set_font_description(layout, font)
        pango_font_description_free(font)
        pango_layout_set_width(layout, width.isFinite ? CInt(width * Double(PANGO_SCALE)) : -1)
        pango_layout_set_height(layout, CInt(-style.linesMax))
        pango_layout_set_alignment(
            layout, style.align == .left ? PANGO_ALIGN_LEFT : style.align == .right ? PANGO_ALIGN_RIGHT : PANGO_ALIGN_CENTER)
        pango_layout_set_text(layout, PDFText.clean(text), -1)
    }

    /// What Cairo has written.
    private final class Sink { var bytes: [UInt8] = [] }
}

/// Why there is no report. One sentence.
package struct ReportFailure: Error, Sendable {
    package var message: String
    init(_ message: String) { self.message = message }
}

enum PDFText {
    /// C's strings end at a zero, and controls have no shape.
    static func clean(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\n", "\t": out.append(" ")
            case "\u{0}"..<" ", "\u{7f}"..<"\u{a0}": out.append("\u{fffd}")
            default: out.append(scalar)
            }
        }
        return String(out)
    }
}

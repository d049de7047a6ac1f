extension Drawing {
    /// Inline SVG; its colours are classes of the page's style.
    func appendSVG(to out: inout String, labelledBy id: String) {
        out += "<svg role=\"img\" aria-labelledby=\"\(id)\" viewBox=\"0 0 \(number(width)) \(number(height))\">"
        out += "<title id=\"\(id)\">\(HTMLText.escaped(summary))</title>\n"
        for mark in marks {
            switch mark {
            case .rect(let x, let y, let width, let height, let ink, let title):
                out += "<rect class=\"\(ink.rawValue)\" x=\"\(number(x))\" y=\"\(number(y))\" width=\"\(number(width))\""
                out += " height=\"\(number(height))\"" + (title.isEmpty ? "/>\n" : "><title>\(HTMLText.escaped(title))</title></rect>\n")
            case .line(let x1, let y1, let x2, let y2, let ink):
                out +=
                    "<line class=\"\(ink.rawValue)\" x1=\"\(number(x1))\" y1=\"\(number(y1))\" x2=\"\(number(x2))\" y2=\"\(number(y2))\"/>\n"
            case .text(let text, let x, let y, let anchor, let ink, _):
                out += "<text class=\"\(ink.rawValue)\" x=\"\(number(x))\" y=\"\(number(y))\""
                switch anchor {
                case .start: break
                case .middle: out += " text-anchor=\"middle\""
                case .end: out += " text-anchor=\"end\""
                }
                out += ">\(HTMLText.escaped(text))</text>\n"
            }
        }
        out += "</svg>"
    }

    /// Two decimals are finer than any screen.
    private func number(_ value: Double) -> String {
        let hundredths = Int((value * 100).rounded())
        let rest = abs(hundredths % 100)
        let sign = hundredths < 0 && hundredths > -100 ? "-" : ""
        return "\(sign)\(hundredths / 100)" + (rest == 0 ? "" : rest % 10 == 0 ? ".\(rest / 10)" : rest < 10 ? ".0\(rest)" : ".\(rest)")
    }
}

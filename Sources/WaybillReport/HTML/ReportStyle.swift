extension EvidenceReportHTML {
    static let style = """
        :root { --paper: #fff; --text: #1b2230; --muted: #596273; --rule: #d5dae2; --grid: #e7eaef; --axis: #8a93a3; --head: #f2f4f7;
          --first: #22609f; --second: #b8500f; }
        @media (prefers-color-scheme: dark) { :root { --paper: #14181f; --text: #e6e9ee; --muted: #a3acba; --rule: #353c48;
          --grid: #272d37; --axis: #6c7686; --head: #1d232c; --first: #6fa8dc; --second: #e8935a; } }
        @media print { :root { --paper: #fff; --text: #000; --muted: #444; --rule: #bbb; --grid: #ddd; --axis: #777; --head: #f2f2f2;
          --first: #22609f; --second: #b8500f; } main { max-width: none !important; padding: 0 !important; }
          thead { display: table-header-group; } tr, figure, li { break-inside: avoid; } h2, h3 { break-after: avoid; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; } }
        @page { size: A4; margin: 18mm; }
        body { margin: 0; background: var(--paper); color: var(--text);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "Noto Sans", "DejaVu Sans", sans-serif; }
        main { max-width: 46rem; margin: 0 auto; padding: 2rem 1.25rem 4rem; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0; overflow-wrap: anywhere; }
        h2 { font-size: 1.25rem; margin: 2.5rem 0 .6rem; padding-top: .8rem; border-top: 1px solid var(--rule); }
        h3 { font-size: 1.05rem; margin: 1.6rem 0 .4rem; overflow-wrap: anywhere; }
        p { margin: .4rem 0 .8rem; } .muted { color: var(--muted); }
        dl { margin: 0; } dl div { display: grid; grid-template-columns: 10rem 1fr; gap: 1rem; padding: .3rem 0;
          border-bottom: 1px solid var(--grid); }
        dt { color: var(--muted); } dd { margin: 0; overflow-wrap: anywhere; }
        @media (max-width: 34rem) { dl div { grid-template-columns: 1fr; gap: 0; } }
        figure { margin: .6rem 0 1rem; overflow-x: auto; } svg { display: block; width: 100%; min-width: 32rem; height: auto; }
        svg text { font-size: 12px; fill: var(--text); } svg text.muted { fill: var(--muted); }
        svg .first { fill: var(--first); } svg .second { fill: var(--second); }
        svg line.axis { stroke: var(--axis); } svg line.grid { stroke: var(--grid); }
        .table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: .9rem; }
        caption { text-align: start; color: var(--muted); padding: .2rem 0 .4rem; }
        th, td { text-align: start; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid var(--grid);
          overflow-wrap: anywhere; min-width: 3.5rem; }
        thead th { background: var(--head); border-bottom: 1px solid var(--rule); overflow-wrap: normal; }
        tbody th { font-weight: normal; } .number { text-align: end; font-variant-numeric: tabular-nums; }

        """
}

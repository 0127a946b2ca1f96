/// The look of the printed report: A4 landscape, tables that break between rows, headers repeated.
let pageStyle = """
    @page { size: A4 landscape; margin: 12mm 12mm 14mm; }
    * { box-sizing: border-box; }
    html { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
    body { margin: 0 auto; max-width: 1120px; padding: 28px 30px 60px; color: #1f2933;
      background: #fff; font: 13px/1.5 "Noto Sans CJK SC", "Source Han Sans SC",
      "Microsoft YaHei", "PingFang SC", sans-serif; font-variant-numeric: tabular-nums; }
    header { display: flex; justify-content: space-between; align-items: flex-end;
      border-bottom: 3px solid #12344d; padding-bottom: 12px; }
    h1 { font-size: 25px; line-height: 1.25; margin: 0; color: #12344d; letter-spacing: .02em; }
    h1 small { display: block; font-size: 13px; font-weight: 400; color: #52606d;
      letter-spacing: 0; margin-top: 3px; }
    .meta { text-align: right; color: #52606d; font-size: 12px; }
    .meta b { color: #12344d; font-size: 15px; display: block; }
    .badge { display: inline-block; border-radius: 3px; padding: 1px 9px; font-size: 12px;
      font-weight: 600; }
    .provisional { background: #fdf1dc; color: #8a5a00; border: 1px solid #eed3a1; }
    .firm { background: #e3f2e6; color: #1d6b34; border: 1px solid #b5d9be; }
    .reasons { margin: 14px 0 0; padding: 9px 14px 9px 30px; background: #fffaf0;
      border: 1px solid #f0e2c4; border-radius: 4px; color: #6b4e12; font-size: 12px; }
    .figures { display: grid; grid-template-columns: repeat(6, 1fr); gap: 10px;
      margin: 18px 0 4px; }
    .figure { border: 1px solid #d8e0e6; border-top: 3px solid #3a7ca5; border-radius: 3px;
      padding: 9px 11px 8px; min-height: 84px; }
    .figure h3 { margin: 0; font-size: 12px; font-weight: 500; color: #52606d; }
    .figure h3 i { display: block; font-style: normal; color: #9aa5b1; font-size: 11px; }
    .figure p { margin: 5px 0 0; font-size: 21px; font-weight: 600; color: #12344d;
      white-space: nowrap; }
    .figure p span { font-size: 12px; font-weight: 400; color: #7b8794; margin-left: 4px; }
    .figure p.unknown { font-size: 13px; white-space: normal; }
    section { margin-top: 26px; }
    h2 { font-size: 16px; margin: 0 0 8px; color: #12344d; break-after: avoid; }
    h2 small { font-weight: 400; color: #7b8794; font-size: 12px; margin-left: 8px; }
    svg { width: 100%; height: auto; display: block; }
    svg text { font-size: 11px; fill: #7b8794; }
    svg .grid { stroke: #e4e9ed; stroke-width: 1; }
    .legend { margin: 2px 0 0; padding-left: 62px; font-size: 12px; color: #52606d; }
    .legend span { margin-right: 18px; white-space: nowrap; }
    .legend i { display: inline-block; width: 11px; height: 11px; border-radius: 2px;
      margin-right: 5px; vertical-align: -1px; }
    .legend .hatch { background: repeating-linear-gradient(45deg, #fbeceb 0 3px, #d98880 3px 4px); }
    table { border-collapse: collapse; width: 100%; font-size: 12px; }
    td, th { overflow-wrap: break-word; }
    thead { display: table-header-group; }
    tr { break-inside: avoid; }
    th { background: #e9eff4; color: #12344d; font-weight: 600; text-align: left;
      padding: 5px 8px; border-bottom: 1px solid #b9c6d0; vertical-align: bottom;
      line-height: 1.3; }
    th i { display: block; font-style: normal; font-weight: 400; color: #7b8794;
      font-size: 10.5px; }
    td { padding: 4px 8px; border-bottom: 1px solid #e4e9ed; vertical-align: top; }
    th.n, td.n { text-align: right; }
    td.n { white-space: nowrap; overflow-wrap: normal; }
    tr.strong td { font-weight: 600; background: #f3f6f8; border-top: 1px solid #b9c6d0; }
    .unknown { color: #a61b1b; font-style: italic; font-weight: 400; white-space: normal; }
    .notes { margin: 6px 0 0; padding: 0; list-style: none; color: #616e7c; font-size: 11.5px; }
    .sign { margin-top: 30px; display: flex; gap: 22px; break-inside: avoid; }
    .sign div { display: flex; flex: 1; align-items: flex-end; white-space: nowrap;
      color: #52606d; font-size: 12px; min-height: 44px; }
    .sign span { flex: 1; border-bottom: 1px solid #9aa5b1; margin-left: 6px; }
    footer { margin-top: 30px; padding-top: 8px; border-top: 1px solid #d8e0e6; color: #7b8794;
      font-size: 11px; display: flex; justify-content: space-between; }
    @media print { body { max-width: none; padding: 0; }
      section.short { break-inside: avoid; } section { margin-top: 20px; }
      table { font-size: 11px; } td { padding: 3px 8px; } th { padding: 4px 8px; }
      footer { margin-top: 12px; } }
    """

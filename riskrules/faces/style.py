"""The style sheet of the HTML face: everything under one class, so that a notebook's own style is left alone."""

CSS = """
.riskrules{--bg:#fff;--soft:#f4f6f9;--text:#1b212b;--muted:#556070;--rule:#d8dee6;--line-0:#0b5cad;--line-1:#b3261e;
--zone:#b3261e1a;--good:#17663a;--bad:#b3261e;--odd:#7b3fa0;
color-scheme:light dark;background:var(--bg);color:var(--text);container-type:inline-size;
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif;max-width:860px;margin:0 auto;padding:16px 20px;
box-sizing:border-box;overflow-wrap:anywhere}
@media (prefers-color-scheme:dark){.riskrules{--bg:#12161d;--soft:#1b212b;--text:#e7ebf0;--muted:#a7b1be;--rule:#333c49;
--line-0:#7db8f5;--line-1:#ff9a90;--zone:#ff9a9026;--good:#7fd6a3;--bad:#ff9a90;--odd:#d4a6ee}}
.riskrules *{box-sizing:border-box}
.riskrules h1{font-size:1.05rem;font-weight:600;color:var(--muted);margin:0 0 12px}
.riskrules h1 span{white-space:nowrap}
.riskrules h2{font-size:1.25rem;line-height:1.35;margin:0 0 4px;text-wrap:pretty}
.riskrules h3{font-size:1rem;margin:24px 0 6px}
.riskrules section{border-top:1px solid var(--rule);padding:20px 0}
.riskrules .verdict{display:inline-block;border:2px solid;border-radius:6px;padding:0 8px;margin-right:8px;font-size:1rem}
.riskrules .healthy{color:var(--good)}.riskrules .liquidate{color:var(--bad)}.riskrules .error{color:var(--odd)}
.riskrules .compared{font-size:1.05rem;margin:4px 0 0}
.riskrules .fault{border-left:4px solid var(--odd);padding:4px 12px;margin:12px 0;background:var(--soft)}
.riskrules code{font:0.875em/1.5 ui-monospace,SFMono-Regular,Consolas,"DejaVu Sans Mono",monospace;background:none;color:inherit}
.riskrules .scroll{overflow-x:auto}
.riskrules table{border-collapse:collapse;font-size:.9rem;width:100%;color:inherit}
.riskrules th,.riskrules td{text-align:left;padding:5px 10px 5px 0;border-bottom:1px solid var(--rule);white-space:nowrap;
background:none;color:inherit}
.riskrules td:last-child{white-space:normal;min-width:10em}
.riskrules th{color:var(--muted);font-weight:600}
.riskrules .number{text-align:right;font-variant-numeric:tabular-nums}
.riskrules ol{list-style:none;counter-reset:step;margin:0;padding:0}
.riskrules ol>li{counter-increment:step;display:grid;grid-template-columns:1.6em 11em 1fr;gap:0 8px;padding:8px 0;
border-bottom:1px solid var(--rule)}
.riskrules ol>li::before{content:counter(step);color:var(--muted);grid-row:1/3}
.riskrules .name{font-weight:600;grid-row:1/3}.riskrules .value{font-weight:600;display:inline-block;font-variant-numeric:tabular-nums}
.riskrules .source{color:var(--muted);grid-column:3}
.riskrules ul{margin:0;padding-left:1.2em}
.riskrules .held,.riskrules footer,.riskrules .why{color:var(--muted);font-size:.9rem;margin:4px 0}
.riskrules footer{border-top:1px solid var(--rule);padding-top:12px}
.riskrules footer p{margin:6px 0}
.riskrules summary{cursor:pointer}
.riskrules figure{margin:20px 0 0}.riskrules figcaption{font-weight:600;margin-bottom:4px}
.riskrules svg{display:block;width:100%;height:auto;font:12px system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
.riskrules svg.narrow{display:none}
.riskrules svg text{fill:var(--text)}.riskrules svg .tick,.riskrules svg .name{fill:var(--muted);font-weight:400}
.riskrules svg line{stroke:var(--muted);stroke-width:1}.riskrules svg .grid{stroke:var(--rule)}
.riskrules svg polyline{fill:none}
.riskrules svg .line-0{stroke:var(--line-0);stroke-width:2.2}
.riskrules svg .line-1{stroke:var(--line-1);stroke-width:2.2;stroke-dasharray:7 4}
.riskrules svg .of-0{fill:var(--line-0)}.riskrules svg .of-1{fill:var(--line-1)}
.riskrules svg .turn{stroke:var(--line-1);stroke-width:1.5;stroke-dasharray:2 3}
.riskrules svg .bound{stroke:var(--muted);stroke-dasharray:1 4}
.riskrules svg .zone{fill:var(--zone)}
.riskrules svg .turn-name,.riskrules svg .zone-name{fill:var(--line-1)}
.riskrules svg .turn-name,.riskrules svg .now-name{font-weight:600}
.riskrules svg text{paint-order:stroke;stroke:var(--bg);stroke-width:3px;stroke-linejoin:round}.riskrules svg .zone-name{stroke:none}
.riskrules svg .dot{fill:var(--bg);stroke:var(--text);stroke-width:2.2}
@container (max-width:560px){.riskrules-body svg.wide{display:none}.riskrules-body svg.narrow{display:block}
.riskrules-body ol>li{grid-template-columns:1.6em 1fr}.riskrules-body .name{grid-row:1}
.riskrules-body .source,.riskrules-body .said{grid-column:2}.riskrules-body ol>li::before{grid-row:1/4}}
@media print{.riskrules{--bg:#fff;--soft:#f4f6f9;--text:#000;--muted:#444;--rule:#bbb;--line-0:#0b5cad;--line-1:#b3261e;--zone:#b3261e1a;
--good:#17663a;--bad:#b3261e;--odd:#7b3fa0;color-scheme:light;max-width:none;padding:0;font-size:11pt}
.riskrules figure,.riskrules ol>li,.riskrules tr,.riskrules ul{break-inside:avoid}
.riskrules h2,.riskrules h3,.riskrules .compared,.riskrules ul:has(+.held){break-after:avoid}
.riskrules .scroll{overflow:visible}.riskrules table{font-size:9pt}.riskrules th,.riskrules td{white-space:normal}
.riskrules .number,.riskrules td:nth-child(n+3):not(:last-child){white-space:nowrap}
.riskrules svg{max-height:72mm}
.riskrules details::details-content{content-visibility:visible;block-size:auto}}
"""
PAGE = """html{background:#fff}body{margin:0}
@media (prefers-color-scheme:dark){html{background:#12161d}}
@media print{html{background:#fff}}
@page{margin:14mm}
"""

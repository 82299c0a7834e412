/** How the page of a report looks: colours of the reader's system, columns only where there is room for them. */

export const STYLE = `
:root { color-scheme: light dark; --line: #8886; --off: #8882; --bad: #b00020; --good: #0a6b2b; --warn: #8a5a00 }
@media (prefers-color-scheme: dark) { :root { --bad: #ff8a94; --good: #7fdc9a; --warn: #f0c060 } }
* { box-sizing: border-box }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 80rem; overflow-wrap: anywhere; padding: 1rem }
h1 { font-size: 1.3rem } h2 { font-size: 1.15rem; margin: 2rem 0 .5rem } h3 { font-size: 1rem }
dl { display: grid; gap: .2rem 1rem; grid-template-columns: max-content minmax(0, 1fr); margin: .5rem 0 }
dt { font-weight: 600 } dd { margin: 0; unicode-bidi: isolate }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .5rem 0; padding: 0 .8rem }
details[open] { padding-bottom: .8rem }
summary { cursor: pointer; padding: .6rem 0 }
code, pre { font: .875rem/1.45 ui-monospace, monospace }
pre { background: var(--off); border-radius: .3rem; margin: 0; max-height: 32rem; overflow: auto; padding: .6rem }
pre.curl { white-space: pre-wrap }
pre span, pre mark, pre i { unicode-bidi: isolate }
figure { margin: .6rem 0; min-width: 0 } figcaption { font-weight: 600 }
.sides { display: grid; gap: 0 1rem }
@media (min-width: 50rem) { .sides { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr) } }
mark { background: #ffd54766; color: inherit; text-decoration: underline }
.none { background: var(--line) }
.wide { overflow-x: auto }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid var(--line); padding: .3rem .6rem; text-align: right; vertical-align: top }
td, th { overflow-wrap: normal }
th:first-child, th[scope=row], #exchanges td:last-child { min-width: 10rem; overflow-wrap: anywhere; text-align: left }
th[scope=row] { font-weight: normal; unicode-bidi: isolate }
.different { color: var(--bad); font-weight: 600 } .drift { color: var(--warn); font-weight: 600 } td.equal { color: var(--good) }
:focus-visible { outline: 3px solid #3b82f6; outline-offset: 2px }
`;

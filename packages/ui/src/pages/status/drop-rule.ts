/** `metric_relabel_configs` that drop every series whose label has the value. */
export function dropRule(label: string, value: string): string {
  return `metric_relabel_configs:
  - source_labels: [${label}]
    regex: ${quoted(escapeRegex(value))}
    action: drop
`
}

/** `metric_relabel_configs` that take a label away; series that differ in it alone then collide. */
export function labelDropRule(label: string): string {
  return `metric_relabel_configs:
  - regex: ${quoted(escapeRegex(label))}
    action: labeldrop
`
}

/** The text as an RE2 expression that matches it alone. */
function escapeRegex(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Single quotes take everything as it is in YAML, only quotes are doubled; a line break needs the other kind. */
function quoted(text: string): string {
  if (/^[A-Za-z_][\w]*$/.test(text) && !/^(true|false|null|yes|no|on|off|y|n)$/i.test(text)) return text
  return /[\n\r\t]/.test(text) ? JSON.stringify(text) : `'${text.replaceAll("'", "''")}'`
}

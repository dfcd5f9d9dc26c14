/** Names of fields whose values are secrets. */
const SECRET_NAME =
  /pass(word|wd|phrase)?$|secret|^token$|[_-]token$|Token$|authorization|api[_-]?key|cookie|credential|private[_-]?key/i
/** Secrets in running text: bearer tokens, keys of vendors, passwords in URLs. */
const SECRET_TEXT =
  /\b(Bearer\s+)[\w.~+/=-]{8,}|\b(sk-|xox[abp]-|gh[pous]_)[\w-]{8,}|(:\/\/[^:/@\s]+:)[^@\s/]+(?=@)/g

const REDACTED = '[redacted]'
const DEPTH_MAX = 6

/** A copy in which secrets are replaced; what is nested too deep or in a circle is cut off. */
export function redact(value: unknown, depth = 0): unknown {
  if (typeof value === 'string') return redactText(value)
  if (typeof value === 'bigint') return value.toString()
  if (typeof value !== 'object' || value === null || value instanceof Date) return value
  if (value instanceof Error)
    return { name: value.name, message: redactText(value.message), stack: value.stack }
  if (depth >= DEPTH_MAX) return '[nested too deep]'
  if (Array.isArray(value)) return value.map((item) => redact(item, depth + 1))
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_NAME.test(name) && typeof inner !== 'number' ? REDACTED : redact(inner, depth + 1),
    ]),
  )
}

export function redactText(text: string): string {
  return text.replace(SECRET_TEXT, (_, bearer, key, url) => `${bearer ?? key ?? url}${REDACTED}`)
}

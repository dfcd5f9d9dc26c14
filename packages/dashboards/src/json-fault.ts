/** Strings, numbers and words of JSON, each with the white space before it. */
// Strings of JSON must not hold control characters: that is what is looked for.
const TOKEN =
  // oxlint-disable-next-line no-control-regex
  /[ \t\r\n]*(?:([{}[\]:,])|"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)/y
const SPACE = /[ \t\r\n]*/y

export interface TextPlace {
  /** From 1. */
  readonly line: number
  /** From 1. */
  readonly column: number
}

/** What may come next. */
type Expected = 'value' | 'value or ]' | 'key or }' | 'key' | ':' | ', or }' | ', or ]' | 'end'

/** Where a text stops being JSON, since the engine's own messages mostly do not say; undefined for what is JSON. */
export function findJsonFault(text: string): (TextPlace & { readonly expected: string }) | undefined {
  const open: ('{' | '[')[] = []
  let expected: Expected = 'value'
  let offset = 0
  const afterValue = (): Expected => (open.length === 0 ? 'end' : open.at(-1) === '{' ? ', or }' : ', or ]')
  for (;;) {
    SPACE.lastIndex = offset
    SPACE.test(text)
    const start = SPACE.lastIndex
    if (expected === 'end')
      return start === text.length ? undefined : { ...placeOf(text, start), expected: 'the end' }
    TOKEN.lastIndex = start
    const match = TOKEN.exec(text)
    const next: Expected | undefined =
      match === null
        ? undefined
        : step(match[1] ?? (text[start] === '"' ? '"' : 'v'), expected, open, afterValue)
    if (next === undefined) return { ...placeOf(text, start), expected }
    expected = next
    offset = TOKEN.lastIndex
  }
}

/** `:3:14: broken JSON, expected value`: what stands behind a file's name. */
export function describeJsonFault(text: string): string {
  const fault = findJsonFault(text)
  return fault === undefined
    ? ': broken JSON'
    : `:${fault.line}:${fault.column}: broken JSON, expected ${fault.expected}`
}

/** @param token a punctuation mark, `"` for a string, `v` for another value. @returns undefined when it may not stand here */
function step(
  token: string,
  expected: Expected,
  open: ('{' | '[')[],
  afterValue: () => Expected,
): Expected | undefined {
  const takesValue = expected === 'value' || expected === 'value or ]'
  if (token === '{' || token === '[') {
    if (!takesValue) return undefined
    open.push(token)
    return token === '{' ? 'key or }' : 'value or ]'
  }
  if (token === '}' || token === ']') {
    const fits =
      token === '}'
        ? expected === 'key or }' || expected === ', or }'
        : expected === 'value or ]' || expected === ', or ]'
    if (!fits) return undefined
    open.pop()
    return afterValue()
  }
  if (token === ':') return expected === ':' ? 'value' : undefined
  if (token === ',') return expected === ', or }' ? 'key' : expected === ', or ]' ? 'value' : undefined
  if (token === '"' && (expected === 'key' || expected === 'key or }')) return ':'
  return takesValue ? afterValue() : undefined
}

function placeOf(text: string, offset: number): TextPlace {
  const before = text.slice(0, offset).split('\n')
  return { line: before.length, column: before.at(-1)!.length + 1 }
}

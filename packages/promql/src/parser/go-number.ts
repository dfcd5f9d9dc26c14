/** Go's `strconv.FormatFloat(value, 'f', -1, 64)`: the shortest digits that give the value back, never an exponent. */
export function formatFloat(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? '+Inf' : '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  const match = /^(-?)(\d+)(?:\.(\d+))?e([+-]\d+)$/.exec(text)
  if (match === null) return text
  const [, sign, whole, fraction = '', exponent] = match
  const shift = Number(exponent)
  const digits = whole! + fraction
  if (shift < 0) return `${sign}0.${'0'.repeat(-shift - 1)}${digits}`
  return `${sign}${digits}${'0'.repeat(shift - fraction.length)}`
}

/**
 * Go's `%v` of a float: like {@link formatFloat}, but with an exponent (two digits at least) below 1e-4 and from 1e6 on.
 * It is how Prometheus 2 prints the numbers of a formatted query; later ones never use an exponent there.
 */
export function formatShortest(value: number): string {
  const size = Math.abs(value)
  if (!Number.isFinite(value) || size === 0 || (size >= 1e-4 && size < 1e6)) return formatFloat(value)
  return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2')
}

/** Prometheus's JSON form of a sample value: the shortest digits, with an exponent below 1e-6 and from 1e21 on. */
export function formatValue(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (value === Infinity) return '+Inf'
  if (value === -Infinity) return '-Inf'
  if (Object.is(value, -0)) return '-0'
  const text = String(value)
  // JavaScript begins to write exponents at the same sizes, but Go gives them two digits at least.
  return text.includes('e') ? text.replace(/e([+-])(\d)$/, 'e$10$2') : text
}

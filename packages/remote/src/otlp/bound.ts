import { formatFloat } from '@promontory/base'

/** `le` and `quantile` as they are stored: whole numbers with `.0`. */
export function formatOpenMetricsBound(value: number): string {
  const text = formatFloat(value)
  return /^-?\d+$/.test(text) ? `${text}.0` : text
}

/** Colours of series in the current theme, readable by the colour-blind; they repeat when there are more series. */
export function seriesColors(): string[] {
  return getComputedStyle(document.documentElement).getPropertyValue('--series').trim().split(/\s+/)
}

export function themeColor(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim()
}

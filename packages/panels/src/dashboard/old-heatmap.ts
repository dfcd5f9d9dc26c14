import { defined, numberOf, objectOf, textOf, without, type JsonObject } from '../json.ts'

const UNDERSTOOD = ['cards', 'color', 'dataFormat', 'highlightCards', 'hideZeroBuckets', 'reverseYBuckets', 'tooltip', 'tooltipDecimals', 'xAxis', 'xBucketNumber', 'xBucketSize', 'yAxis', 'yBucketBound', 'yBucketNumber', 'yBucketSize', 'heatmap', 'legend'] // prettier-ignore

/** The heatmap of before Grafana 9: its settings stood beside the panel's options. */
export function fromOldHeatmap(old: JsonObject): JsonObject {
  const color = objectOf(old['color'])
  const axis = objectOf(old['yAxis'])
  return {
    ...without(old, ...UNDERSTOOD),
    options: {
      ...objectOf(old['options']),
      calculate: old['dataFormat'] !== 'tsbuckets',
      color: defined({
        mode: color['mode'] === 'opacity' ? 'opacity' : 'scheme',
        scheme: schemeOf(textOf(color['colorScheme'])),
        fill: textOf(color['cardColor']),
        exponent: numberOf(color['exponent']),
        reverse: false,
        steps: 64,
      }),
      yAxis: defined({
        unit: textOf(axis['format']),
        decimals: numberOf(axis['decimals']),
        reverse: old['reverseYBuckets'] === true,
      }),
      legend: { show: objectOf(old['legend'])['show'] === true },
      filterValues: old['hideZeroBuckets'] === true ? { le: 1e-9 } : undefined,
    },
  }
}

/** `interpolateOranges` → `Oranges`. */
function schemeOf(name: string | undefined): string {
  return name?.replace(/^interpolate/, '') ?? 'Oranges'
}

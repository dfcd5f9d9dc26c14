import { isAt, type OptionChoice, type OptionField } from './option-field.ts'

const CUSTOM = ['fieldConfig', 'defaults', 'custom'] as const

const choice = (
  label: string,
  path: readonly string[],
  choices: readonly OptionChoice[],
  when?: OptionField['when'],
): OptionField => ({
  kind: 'choice',
  label,
  path,
  choices,
  fallback: choices[0]![0],
  ...(when === undefined ? {} : { when }),
})
const flag = (label: string, path: readonly string[], fallback = false): OptionField => ({
  kind: 'flag',
  label,
  path,
  fallback,
})
const number = (label: string, path: readonly string[], hint = ''): OptionField => ({
  kind: 'number',
  label,
  path,
  hint,
})

const STACKING = [['none', 'Off'], ['normal', 'On top of each other'], ['percent', 'As shares']] as const // prettier-ignore
const ORIENTATION = [['auto', 'Automatic'], ['horizontal', 'Beside each other'], ['vertical', 'Below each other']] as const // prettier-ignore

const LEGEND: readonly OptionField[] = [
  flag('Legend', ['options', 'legend', 'showLegend'], true),
  choice('Legend as', ['options', 'legend', 'displayMode'], [['list', 'List'], ['table', 'Table']]),
  choice('Legend stands', ['options', 'legend', 'placement'], [['bottom', 'Below'], ['right', 'On the right']]),
  { kind: 'calculations', label: 'Values in the legend', path: ['options', 'legend', 'calcs'] },
] // prettier-ignore

const TOOLTIP: readonly OptionField[] = [
  choice('Tooltip', ['options', 'tooltip', 'mode'], [['single', 'The nearest series'], ['multi', 'All series'], ['none', 'None']]),
  choice('Tooltip sorts', ['options', 'tooltip', 'sort'], [['none', 'as drawn'], ['desc', 'largest first'], ['asc', 'smallest first']], isAt(['options', 'tooltip', 'mode'], 'multi')),
] // prettier-ignore

const GRAPH: readonly OptionField[] = [
  choice('Draw', [...CUSTOM, 'drawStyle'], [['line', 'Lines'], ['bars', 'Bars'], ['points', 'Points']]),
  choice('Between points', [...CUSTOM, 'lineInterpolation'], [['linear', 'Straight'], ['smooth', 'Smooth'], ['stepAfter', 'Steps after'], ['stepBefore', 'Steps before']]),
  number('Line width', [...CUSTOM, 'lineWidth'], '1'),
  choice('Line style', [...CUSTOM, 'lineStyle', 'fill'], [['solid', 'Solid'], ['dash', 'Dashed'], ['dot', 'Dotted']]),
  number('Fill, %', [...CUSTOM, 'fillOpacity'], '0'),
  choice('Gradient', [...CUSTOM, 'gradientMode'], [['none', 'None'], ['opacity', 'Opacity'], ['hue', 'Hue'], ['scheme', 'Scheme']]),
  choice('Points', [...CUSTOM, 'showPoints'], [['auto', 'Where there is room'], ['always', 'Always'], ['never', 'Never']]),
  number('Size of points', [...CUSTOM, 'pointSize'], '5'),
  choice('Gaps', [...CUSTOM, 'spanNulls'], [[false, 'Stay open'], [true, 'Are bridged']]),
  choice('Stack', [...CUSTOM, 'stacking', 'mode'], STACKING),
  choice('Scale', [...CUSTOM, 'scaleDistribution', 'type'], [['linear', 'Linear'], ['log', 'Logarithmic']]),
  choice('Base', [...CUSTOM, 'scaleDistribution', 'log'], [[10, '10'], [2, '2']], isAt([...CUSTOM, 'scaleDistribution', 'type'], 'log')),
  choice('Axis', [...CUSTOM, 'axisPlacement'], [['auto', 'Automatic'], ['left', 'Left'], ['right', 'Right'], ['hidden', 'Hidden']]),
  { kind: 'text', label: 'Name of the axis', path: [...CUSTOM, 'axisLabel'] },
  number('Axis from, at least', [...CUSTOM, 'axisSoftMin']),
  number('Axis to, at least', [...CUSTOM, 'axisSoftMax']),
  choice('Thresholds as', [...CUSTOM, 'thresholdsStyle', 'mode'], [['off', 'Off'], ['line', 'Lines'], ['dashed', 'Dashed lines'], ['area', 'Areas'], ['line+area', 'Lines and areas']]),
  ...LEGEND,
  ...TOOLTIP,
] // prettier-ignore

/** Which one value of a series is shown. */
const REDUCED: readonly OptionField[] = [
  { kind: 'calculation', label: 'Value', path: ['options', 'reduceOptions', 'calcs', 0], fallback: 'lastNotNull' },
  flag('Every row, not one value', ['options', 'reduceOptions', 'values']),
  { kind: 'text', label: 'Fields', hint: 'all numbers; /regex/', path: ['options', 'reduceOptions', 'fields'] },
] // prettier-ignore

const STATES: readonly OptionField[] = [
  choice('Values', ['options', 'showValue'], [['auto', 'Where there is room'], ['always', 'Always'], ['never', 'Never']]),
  number('Fill, %', [...CUSTOM, 'fillOpacity'], '70'),
] // prettier-ignore

/** Options of a kind of panel, below the panel's JSON. Options that no form names stay as they are. */
export const KIND_OPTIONS: Readonly<Record<string, readonly OptionField[]>> = {
  timeseries: GRAPH,
  trend: GRAPH,
  stat: [
    ...REDUCED,
    choice('Colour', ['options', 'colorMode'], [['value', 'Of the value'], ['background', 'Of the ground'], ['background_solid', 'Of the ground, plain'], ['none', 'None']]),
    choice('Line', ['options', 'graphMode'], [['area', 'With an area'], ['none', 'None']]),
    choice('Text', ['options', 'textMode'], [['auto', 'Automatic'], ['value', 'Value'], ['value_and_name', 'Value and name'], ['name', 'Name'], ['none', 'None']]),
    choice('Order', ['options', 'orientation'], ORIENTATION),
    choice('Alignment', ['options', 'justifyMode'], [['auto', 'Automatic'], ['center', 'Middle']]),
    flag('Change in percent', ['options', 'showPercentChange']),
  ],
  gauge: [...REDUCED, flag('Thresholds around it', ['options', 'showThresholdMarkers'], true)],
  bargauge: [
    ...REDUCED,
    choice('Drawn', ['options', 'displayMode'], [['gradient', 'Gradient'], ['lcd', 'Segments'], ['basic', 'Plain']]),
    choice('Order', ['options', 'orientation'], ORIENTATION),
  ],
  piechart: [
    ...REDUCED,
    choice('Form', ['options', 'pieType'], [['pie', 'Pie'], ['donut', 'Ring']]),
    choice('Order', ['options', 'sort'], [['desc', 'Largest first'], ['asc', 'Smallest first'], ['none', 'As it comes']]),
    { kind: 'names', label: 'Labels: name, value, percent', path: ['options', 'displayLabels'] },
    ...LEGEND,
  ],
  table: [
    flag('Head', ['options', 'showHeader'], true),
    flag('Foot', ['options', 'footer', 'show']),
    { kind: 'calculations', label: 'In the foot', path: ['options', 'footer', 'reducer'], when: isAt(['options', 'footer', 'show'], true) },
    { kind: 'name', label: 'Sorted by', path: ['options', 'sortBy', 0, 'displayName'] },
    { kind: 'flag', label: 'Largest first', path: ['options', 'sortBy', 0, 'desc'] },
    choice('Alignment', [...CUSTOM, 'align'], [['auto', 'Automatic'], ['left', 'Left'], ['center', 'Middle'], ['right', 'Right']]),
    number('Least width', [...CUSTOM, 'minWidth'], '50'),
    flag('Filter in the head', [...CUSTOM, 'filterable']),
  ],
  barchart: [
    { kind: 'name', label: 'Field of the names', path: ['options', 'xField'] },
    choice('Stack', ['options', 'stacking'], STACKING),
    ...LEGEND,
  ],
  heatmap: [
    flag('Count into buckets', ['options', 'calculate']),
    choice('Scheme', ['options', 'color', 'scheme'], ['Oranges', 'Spectral', 'Blues', 'Greens', 'Reds', 'RdYlGn', 'Viridis', 'Magma', 'Inferno', 'Turbo'].map((name) => [name, name] as const)),
    number('Leave out values up to', ['options', 'filterValues', 'le']),
    { kind: 'unit', label: 'Unit of the axis', path: ['options', 'yAxis', 'unit'] },
  ],
  histogram: [number('Buckets', ['options', 'bucketCount'], '30'), number('Width of a bucket', ['options', 'bucketSize'])],
  'state-timeline': [flag('Equal states as one', ['options', 'mergeValues'], true), ...STATES],
  'status-history': STATES,
  logs: [
    flag('Times', ['options', 'showTime']),
    flag('Labels', ['options', 'showLabels']),
    flag('Labels that all have', ['options', 'showCommonLabels']),
    flag('Long lines go on below', ['options', 'wrapLogMessage']),
    flag('JSON over several lines', ['options', 'prettifyLogMessage']),
    flag('Lines open', ['options', 'enableLogDetails'], true),
    choice('Equal lines', ['options', 'dedupStrategy'], [['none', 'all are shown'], ['exact', 'once'], ['numbers', 'once, whatever their numbers'], ['signature', 'once, whatever their words']]),
    choice('Order', ['options', 'sortOrder'], [['Descending', 'Newest first'], ['Ascending', 'Oldest first']]),
  ],
  alertlist: [
    number('At most', ['options', 'maxItems'], '20'),
    { kind: 'text', label: 'Name contains', path: ['options', 'alertName'] },
    { kind: 'text', label: 'Labels', hint: '{job="node"}', path: ['options', 'alertInstanceLabelFilter'] },
    flag('Firing', ['options', 'stateFilter', 'firing'], true),
    flag('Pending', ['options', 'stateFilter', 'pending'], true),
  ],
  dashlist: [
    number('At most', ['options', 'maxItems'], '10'),
    flag('Starred', ['options', 'showStarred'], true),
    flag('Found', ['options', 'showSearch']),
    { kind: 'text', label: 'Title contains', path: ['options', 'query'] },
    { kind: 'names', label: 'Tags', path: ['options', 'tags'] },
  ],
  annolist: [number('At most', ['options', 'limit'], '10'), { kind: 'names', label: 'Tags', path: ['options', 'tags'] }],
  text: [choice('Mode', ['options', 'mode'], [['markdown', 'Markdown'], ['html', 'HTML'], ['code', 'Code']])],
} // prettier-ignore

/** Options of what fields say, for all kinds that show data. */
export const FIELD_OPTIONS: readonly OptionField[] = [
  { kind: 'text', label: 'Name of the fields', hint: '${__field.labels.job}', path: ['fieldConfig', 'defaults', 'displayName'] },
  { kind: 'unit', label: 'Unit', path: ['fieldConfig', 'defaults', 'unit'] },
  number('Decimals', ['fieldConfig', 'defaults', 'decimals']),
  number('Min', ['fieldConfig', 'defaults', 'min']),
  number('Max', ['fieldConfig', 'defaults', 'max']),
  { kind: 'text', label: 'Text for no value', hint: '-', path: ['fieldConfig', 'defaults', 'noValue'] },
] // prettier-ignore

/** How often and over which time a panel asks. */
export const QUERY_OPTIONS: readonly OptionField[] = [
  { kind: 'text', label: 'Least step', hint: '15s', path: ['interval'] },
  number('Points at most', ['maxDataPoints']),
  { kind: 'text', label: 'Time of its own', hint: '2h, 1d/d', path: ['timeFrom'] },
  { kind: 'text', label: 'Shifted back by', hint: '1w', path: ['timeShift'] },
]

import { COLOR_SCALES, type JsonObject } from '@promontory/panels'
import { isAt, type OptionChoice, type OptionField } from './option-field.ts'

/** A property that an override can set. */
export interface OverrideProperty {
  readonly id: string
  readonly name: string
  /** Fields below the property's `{ id, value }`; none for those that have a form of their own. */
  readonly fields: readonly OptionField[]
  /** What one that is added begins with. */
  readonly value: unknown
}

/** How colours are found. */
export const COLOR_MODES: readonly OptionChoice[] = [
  ['palette-classic', 'One per series'],
  ['palette-classic-by-name', 'One per name'],
  ['thresholds', 'By threshold'],
  ['fixed', 'One colour'],
  ['shades', 'Shades of one colour'],
  ...COLOR_SCALES.map((id) => [id, schemeName(id)] as const),
]

/** `continuous-GrYlRd` → `Scheme GrYlRd` */
function schemeName(id: string): string {
  return `Scheme ${id.replace('continuous-', '')}`
}

/** The fields of a colour below a path. */
export function colorFields(path: readonly string[]): readonly OptionField[] {
  return [
    { kind: 'choice', path: [...path, 'mode'], label: 'Colours', fallback: 'thresholds', choices: COLOR_MODES },
    {
      kind: 'color',
      path: [...path, 'fixedColor'],
      label: 'Colour',
      when: isAt([...path, 'mode'], 'fixed', 'shades'),
    },
    {
      kind: 'choice',
      path: [...path, 'seriesBy'],
      label: 'A series by its',
      fallback: 'last',
      choices: [['last', 'last value'], ['min', 'least value'], ['max', 'largest value']],
      when: (json) => !isAt([...path, 'mode'], 'fixed', 'shades', 'palette-classic', 'palette-classic-by-name')(json),
    },
  ] // prettier-ignore
}

const VALUE = ['value'] as const

const choice = (id: string, name: string, choices: readonly OptionChoice[]): OverrideProperty => ({
  id,
  name,
  value: choices[0]![0],
  fields: [{ kind: 'choice', path: VALUE, label: name, choices }],
})
const text = (id: string, name: string, hint = ''): OverrideProperty => ({
  id,
  name,
  value: '',
  fields: [{ kind: 'text', path: VALUE, label: name, hint }],
})
const number = (id: string, name: string, value: number): OverrideProperty => ({
  id,
  name,
  value,
  fields: [{ kind: 'number', path: VALUE, label: name }],
})
const flag = (id: string, name: string): OverrideProperty => ({
  id,
  name,
  value: true,
  fields: [{ kind: 'flag', path: VALUE, label: name }],
})

/** What overrides can set, in the order of the picker. Other properties are edited as JSON. */
export const OVERRIDE_PROPERTIES: readonly OverrideProperty[] = [
  text('displayName', 'Name', '${__field.labels.job}'),
  { id: 'unit', name: 'Unit', value: 'short', fields: [{ kind: 'unit', path: VALUE, label: 'Unit' }] },
  number('decimals', 'Decimals', 2),
  number('min', 'Min', 0),
  number('max', 'Max', 100),
  text('noValue', 'Text for no value', '-'),
  { id: 'color', name: 'Colours', value: { mode: 'fixed', fixedColor: 'blue' }, fields: colorFields(VALUE) },
  { id: 'thresholds', name: 'Thresholds', value: { mode: 'absolute', steps: [{ color: 'green', value: null }, { color: 'red', value: 80 }] }, fields: [] },
  { id: 'mappings', name: 'Value mappings', value: [], fields: [] },
  { id: 'links', name: 'Links', value: [{ title: '', url: '' }], fields: [] },
  choice('custom.drawStyle', 'Draw', [['line', 'Lines'], ['bars', 'Bars'], ['points', 'Points']]),
  choice('custom.lineInterpolation', 'Between points', [['linear', 'Straight'], ['smooth', 'Smooth'], ['stepAfter', 'Steps after'], ['stepBefore', 'Steps before']]),
  number('custom.lineWidth', 'Line width', 2),
  number('custom.fillOpacity', 'Fill, %', 20),
  choice('custom.gradientMode', 'Gradient', [['none', 'None'], ['opacity', 'Opacity'], ['hue', 'Hue'], ['scheme', 'Scheme']]),
  {
    id: 'custom.lineStyle',
    name: 'Line style',
    value: { fill: 'dash', dash: [10, 10] },
    fields: [{ kind: 'choice', path: ['value', 'fill'], label: 'Line style', fallback: 'solid', choices: [['solid', 'Solid'], ['dash', 'Dashed'], ['dot', 'Dotted']] }],
  },
  choice('custom.transform', 'Direction', [['negative-Y', 'Downwards'], ['constant', 'Constant']]),
  {
    id: 'custom.stacking',
    name: 'Stack',
    value: { mode: 'normal', group: 'A' },
    fields: [
      { kind: 'choice', path: ['value', 'mode'], label: 'Stack', fallback: 'none', choices: [['none', 'Off'], ['normal', 'On top of each other'], ['percent', 'As shares']] },
      { kind: 'text', path: ['value', 'group'], label: 'Group', hint: 'A' },
    ],
  },
  choice('custom.showPoints', 'Points', [['auto', 'Where there is room'], ['always', 'Always'], ['never', 'Never']]),
  number('custom.pointSize', 'Size of points', 5),
  flag('custom.spanNulls', 'Over gaps'),
  choice('custom.axisPlacement', 'Axis', [['right', 'Right'], ['left', 'Left'], ['hidden', 'Hidden'], ['auto', 'Automatic']]),
  text('custom.axisLabel', 'Name of the axis'),
  number('custom.axisSoftMin', 'Axis from, at least', 0),
  number('custom.axisSoftMax', 'Axis to, at least', 100),
  {
    id: 'custom.hideFrom',
    name: 'Hide from',
    value: { viz: false, legend: true, tooltip: false },
    fields: [
      { kind: 'flag', path: ['value', 'viz'], label: 'the chart' },
      { kind: 'flag', path: ['value', 'legend'], label: 'the legend' },
      { kind: 'flag', path: ['value', 'tooltip'], label: 'the tooltip' },
    ],
  },
  flag('custom.hidden', 'Hide the column'),
  number('custom.width', 'Width of the column', 120),
  choice('custom.align', 'Alignment', [['left', 'Left'], ['center', 'Middle'], ['right', 'Right'], ['auto', 'Automatic']]),
  {
    id: 'custom.cellOptions',
    name: 'Cells',
    value: { type: 'color-text' },
    fields: [
      {
        kind: 'choice',
        path: ['value', 'type'],
        label: 'Cells',
        fallback: 'auto',
        choices: [['auto', 'Automatic'], ['color-text', 'Coloured text'], ['color-background', 'Coloured ground'], ['gauge', 'Gauge'], ['sparkline', 'Line'], ['json-view', 'JSON'], ['image', 'Picture'], ['data-links', 'Links']],
      },
      { kind: 'choice', path: ['value', 'mode'], label: 'Drawn', fallback: 'basic', choices: [['basic', 'Plain'], ['gradient', 'Gradient'], ['lcd', 'Segments']], when: isAt(['value', 'type'], 'gauge', 'color-background') },
    ],
  },
  flag('custom.filterable', 'Filter in the head'),
] // prettier-ignore

const BY_ID = new Map(OVERRIDE_PROPERTIES.map((property) => [property.id, property]))

/** The form of a property; undefined for one that is edited as JSON. */
export function overrideProperty(id: string): OverrideProperty | undefined {
  return BY_ID.get(id)
}

const BY_VALUE_TESTS: readonly OptionChoice[] = [
  ['gt', '>'],
  ['gte', '≥'],
  ['lt', '<'],
  ['lte', '≤'],
  ['eq', '='],
  ['neq', '≠'],
  ['isNull', 'is null'],
]

/** What an override can be for: fields below `{ id, options }`, and the options that it begins with. */
export const MATCHERS: readonly {
  readonly id: string
  readonly name: string
  readonly options: unknown
  readonly fields: readonly OptionField[]
}[] = [
  { id: 'byName', name: 'A field', options: '', fields: [{ kind: 'name', path: ['options'], label: 'Field' }] },
  {
    id: 'byRegexp',
    name: 'Names that match',
    options: '/.*/',
    fields: [{ kind: 'text', path: ['options'], label: 'Regular expression', hint: '/errors.*/' }],
  },
  {
    id: 'byType',
    name: 'A type',
    options: 'number',
    fields: [{ kind: 'choice', path: ['options'], label: 'Type', choices: [['number', 'Number'], ['string', 'Text'], ['time', 'Time'], ['boolean', 'Yes or no']] }],
  },
  { id: 'byFrameRefID', name: 'A query', options: 'A', fields: [{ kind: 'text', path: ['options'], label: 'Query', hint: 'A' }] },
  {
    id: 'byValue',
    name: 'Fields by value',
    options: { reducer: 'lastNotNull', op: 'gt', value: 0 },
    fields: [
      { kind: 'calculation', path: ['options', 'reducer'], label: 'Calculation', fallback: 'lastNotNull' },
      { kind: 'choice', path: ['options', 'op'], label: 'Test', fallback: 'gt', choices: BY_VALUE_TESTS },
      { kind: 'number', path: ['options', 'value'], label: 'Value', when: (json) => !isAt(['options', 'op'], 'isNull')(json) },
    ],
  },
  {
    id: 'byNames',
    name: 'Several fields',
    options: { mode: 'include', names: [] },
    fields: [
      { kind: 'choice', path: ['options', 'mode'], label: 'For', fallback: 'include', choices: [['include', 'these'], ['exclude', 'all others']] },
      { kind: 'names', path: ['options', 'names'], label: 'Fields' },
    ],
  },
] // prettier-ignore

/** An override for a field, without properties yet. */
export const NEW_OVERRIDE: JsonObject = { matcher: { id: 'byName', options: '' }, properties: [] }

import {
  isMatch,
  listOf,
  numberOf,
  objectOf,
  objectsOf,
  readableOn,
  resolveColor,
  textOf,
  type Field,
  type Frame,
  type JsonObject,
} from '@promontory/panels'
import { useMemo, useRef, type ReactNode } from 'react'
import { singleValues, valueText, type SingleValue } from '../data/single-values.ts'
import { useDashboard } from '../view/context.ts'
import { NoData, useSize, type PanelProps } from './panel-props.tsx'

/** Tiles drawn where the panel names no number. */
const TILES_DEFAULT = 100
const SIDE_MAX_PX = 140
const SIDE_MIN_PX = 28
/** Smaller ones have no room for their names: pointing at them tells. */
const NAMED_PX = 54
const GAP_PX = 2
/** Height of a hexagon to its width. */
const TALLNESS = 1.1
/** The plugin's words for calculations. */
const OPERATORS: Readonly<Record<string, string>> = {
  avg: 'mean',
  current: 'lastNotNull',
  last: 'lastNotNull',
  last_time: 'lastNotNull',
  total: 'sum',
  time_step: 'step',
}

/** A hexagon per series, coloured by the plugin's own thresholds (`grafana-polystat-panel`). */
export function PolystatPanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const { options } = panel
  const values = useMemo(() => {
    const frames = data.frames.map((frame) => withGlobals(frame, options))
    const operator = textOf(options['globalOperator']) ?? 'avg'
    const reduceOptions = { calcs: [OPERATORS[operator] ?? operator] }
    const all = singleValues({ frames, options: { reduceOptions }, theme, zone, scope: data.scope })
    return sorted(all, options).slice(0, numberOf(options['layoutDisplayLimit']) || TILES_DEFAULT)
  }, [data.frames, data.scope, options, theme, zone])
  const host = useRef<HTMLUListElement>(null)
  const { width, height } = useSize(host)
  if (values.length === 0) return <NoData {...props} />
  const side = sideOf(values.length, width, height)
  return (
    <ul
      ref={host}
      className={`polystat${side < NAMED_PX ? ' small-tiles' : ''}`}
      style={{ gridTemplateColumns: `repeat(auto-fit, ${side}px)` }}
      data-mark
    >
      {values.map((value) => {
        const rule = ruleOf(value.name, options)
        const color = resolveColor(colorOf(value.display.numeric, rule, options), theme)
        const text = options['globalShowValueEnabled'] === false ? '' : valueText(value)
        return (
          <li
            key={value.key}
            style={{ background: color, color: readableOn(color) }}
            title={`${value.name}: ${text}`}
          >
            <span>{value.name}</span>
            <strong>{text}</strong>
          </li>
        )
      })}
    </ul>
  )
}

/** The widest hexagons of which all fit. */
function sideOf(count: number, width: number, height: number): number {
  for (let side = SIDE_MAX_PX; side > SIDE_MIN_PX; side -= 4) {
    const columns = Math.floor(width / (side + GAP_PX))
    const rows = Math.floor(height / (side * TALLNESS + GAP_PX))
    if (columns * rows >= count) return side
  }
  return SIDE_MIN_PX
}

/** The override that a name falls under. */
function ruleOf(name: string, options: JsonObject): JsonObject {
  return (
    objectsOf(objectOf(options['overrideConfig'])['overrides']).find(
      (one) => one['enabled'] !== false && isMatch(textOf(one['metricName']) ?? '^$', name),
    ) ?? {}
  )
}

/** The colour of the highest threshold that is reached, else the one of the ground. */
function colorOf(value: number, rule: JsonObject, options: JsonObject): string {
  const own = listOf(rule['thresholds'])
  const steps = objectsOf(own.length > 0 ? own : options['globalThresholdsConfig'])
    .map((step) => ({ value: numberOf(step['value']) ?? 0, color: textOf(step['color']) ?? '#299c46' }))
    .sort((a, b) => a.value - b.value)
  const reached = steps.findLast((step) => value >= step.value)
  return reached?.color ?? textOf(rule['colors']) ?? textOf(options['globalFillColor']) ?? '#299c46'
}

/** The plugin's unit and decimals, where the fields say nothing of their own. */
function withGlobals(frame: Frame, options: JsonObject): Frame {
  const unit = textOf(options['globalUnitFormat'])
  const decimals = numberOf(options['globalDecimals'])
  const change = (field: Field): Field =>
    field.type !== 'number'
      ? field
      : {
          ...field,
          config: {
            ...(unit === undefined ? {} : { unit }),
            ...(decimals === undefined ? {} : { decimals }),
            ...field.config,
          },
        }
  return { ...frame, fields: frame.fields.map(change) }
}

/** 1 rising, 2 falling, 3 and 4 the same whatever the case of letters. */
function sorted(values: readonly SingleValue[], options: JsonObject): readonly SingleValue[] {
  const direction = numberOf(options['sortByDirection']) ?? 1
  if (direction === 0) return values
  const sign = direction % 2 === 1 ? 1 : -1
  const isByValue = options['sortByField'] === 'value'
  return [...values].sort(
    (a, b) =>
      sign *
      (isByValue
        ? a.display.numeric - b.display.numeric
        : a.name.localeCompare(b.name, undefined, { numeric: true })),
  )
}

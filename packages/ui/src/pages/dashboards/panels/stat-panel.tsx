import { mix, objectOf, readableOn, textOf, withAlpha } from '@promontory/panels'
import { useMemo, useRef, type ReactNode } from 'react'
import { singleValues, valueText, type SingleValue } from '../data/single-values.ts'
import { useDashboard } from '../view/context.ts'
import { NoData, useSize, type PanelProps } from './panel-props.tsx'

/** Large numbers, with a sparkline below and a colour by value. */
export function StatPanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const host = useRef<HTMLDivElement>(null)
  const size = useSize(host)
  const { options } = panel
  const values = useMemo(
    () => singleValues({ frames: data.frames, options, theme, zone, scope: data.scope }),
    [data.frames, options, theme, zone, data.scope],
  )
  const isEmpty = values.length === 0
  const isColumn =
    options['orientation'] === 'vertical' ||
    (options['orientation'] !== 'horizontal' && size.height > size.width * 1.2)
  return (
    <div ref={host} className={`stats${isColumn ? ' column' : ''}`}>
      {isEmpty ? (
        <NoData {...props} />
      ) : (
        values.map((value) => (
          <Stat
            key={value.key}
            value={value}
            count={values.length}
            isColumn={isColumn}
            size={size}
            options={options}
            hasTitle={panel.title !== ''}
          />
        ))
      )}
    </div>
  )
}

function Stat({
  value,
  count,
  isColumn,
  size,
  options,
  hasTitle,
}: {
  value: SingleValue
  count: number
  isColumn: boolean
  size: { readonly width: number; readonly height: number }
  options: PanelProps['panel']['options']
  hasTitle: boolean
}): ReactNode {
  const { theme } = useDashboard()
  const colorMode = textOf(options['colorMode']) ?? 'value'
  const textMode = textOf(options['textMode']) ?? 'auto'
  const isGraph = options['graphMode'] !== 'none' && value.series !== undefined
  const isNamed =
    textMode === 'name' || textMode === 'value_and_name' || (textMode === 'auto' && (count > 1 || !hasTitle))
  const text = textMode === 'name' ? value.name : textMode === 'none' ? '' : valueText(value)
  const isGround = colorMode.startsWith('background')
  const { color } = value.display
  const width = isColumn
    ? size.width
    : size.width / Math.min(count, Math.max(1, Math.floor(size.width / 110)))
  const height = isColumn ? size.height / count : size.height
  const room = isGraph ? 0.5 : isNamed ? 0.55 : 0.7
  const fitted = Math.min((height || 80) * room, ((width || 120) * 1.5) / Math.max(3, text.length))
  const asked = objectOf(options['text'])['valueSize']
  const fontSize = typeof asked === 'number' ? asked : Math.max(14, Math.min(64, fitted))
  const paint = isGround
    ? {
        background: `linear-gradient(120deg, ${color}, ${mix(color, '#000000', 0.12)})`,
        color: readableOn(color),
      }
    : {}
  const inner = (
    <>
      {isGraph ? (
        <StatSpark values={value.series!} color={isGround ? withAlpha(readableOn(color), 0.45) : color} />
      ) : null}
      {isNamed && textMode !== 'name' ? (
        <span className="stat-name" title={value.name}>
          {value.name}
        </span>
      ) : null}
      <span
        className="stat-value number"
        style={{
          fontSize,
          ...(isGround || colorMode === 'none' ? {} : { color: readableText(color, theme.isDark) }),
        }}
        data-value
      >
        {text}
      </span>
      {options['showPercentChange'] === true && value.changePercent !== undefined ? (
        <span className="small number">{`${value.changePercent > 0 ? '+' : ''}${value.changePercent.toFixed(1)} %`}</span>
      ) : null}
    </>
  )
  const className = `stat${options['justifyMode'] === 'center' ? ' center' : ''}`
  return value.href === undefined ? (
    <div className={className} style={paint}>
      {inner}
    </div>
  ) : (
    <a className={className} style={paint} href={value.href}>
      {inner}
    </a>
  )
}

/** A colour as text: light hues get darker on a light ground, dark ones lighter on a dark one. */
export function readableText(color: string, isDark: boolean): string {
  if (!color.startsWith('#')) return color
  return isDark ? mix(color, '#ffffff', 0.25) : mix(color, '#000000', 0.3)
}

function StatSpark({ values, color }: { values: readonly (number | null)[]; color: string }): ReactNode {
  const present = values.filter((value): value is number => value !== null && Number.isFinite(value))
  const [min, max] = [Math.min(...present), Math.max(...present)]
  const span = max - min || 1
  const points = values.flatMap((value, i) =>
    value === null || !Number.isFinite(value)
      ? []
      : [`${((i / (values.length - 1)) * 100).toFixed(2)},${(38 - ((value - min) / span) * 34).toFixed(2)}`],
  )
  if (points.length < 2) return null
  return (
    <svg className="stat-spark" viewBox="0 0 100 40" preserveAspectRatio="none" aria-hidden="true">
      <polygon
        points={`${points[0]!.split(',')[0]},40 ${points.join(' ')} ${points.at(-1)!.split(',')[0]},40`}
        fill={withAlpha(color, 0.18)}
      />
      <polyline
        points={points.join(' ')}
        fill="none"
        stroke={color}
        strokeWidth="1.5"
        vectorEffect="non-scaling-stroke"
      />
    </svg>
  )
}

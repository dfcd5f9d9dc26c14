import { absoluteSteps, objectOf, resolveColor, thresholdsOf, type ColorTheme } from '@promontory/panels'
import { useMemo, type ReactNode } from 'react'
import { singleValues, valueText, type SingleValue } from '../data/single-values.ts'
import { useDashboard } from '../view/context.ts'
import { NoData, type PanelProps } from './panel-props.tsx'

const START = (-120 * Math.PI) / 180
const SPAN = (240 * Math.PI) / 180

/** Values on arcs between their least and greatest. */
export function GaugePanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const values = useMemo(
    () => singleValues({ frames: data.frames, options: panel.options, theme, zone, scope: data.scope }),
    [data.frames, panel.options, theme, zone, data.scope],
  )
  if (values.length === 0) return <NoData {...props} />
  return (
    <div className="gauges">
      {values.map((value) => (
        <Gauge
          key={value.key}
          value={value}
          options={panel.options}
          isNamed={values.length > 1}
          theme={theme}
        />
      ))}
    </div>
  )
}

function Gauge({
  value,
  options,
  isNamed,
  theme,
}: {
  value: SingleValue
  options: PanelProps['panel']['options']
  isNamed: boolean
  theme: ColorTheme
}): ReactNode {
  const { min, max, display } = value
  const steps = absoluteSteps(thresholdsOf(value.field.config.thresholds), min, max)
  const shareOf = (at: number): number => Math.max(0, Math.min(1, (at - min) / (max - min || 1)))
  const text = valueText(value)
  return (
    <figure className="gauge">
      <svg viewBox="0 0 200 150" role="img" aria-label={`${value.name}: ${text}`}>
        <path d={arc(84, 62, 0, 1)} fill="var(--sunken)" />
        {Number.isNaN(display.numeric) ? null : (
          <path d={arc(84, 62, 0, display.share)} fill={display.color} />
        )}
        {options['showThresholdMarkers'] === false
          ? null
          : steps.map((step, i) => {
              const from = shareOf(Math.max(step.value, min))
              const to = shareOf(Math.min(steps[i + 1]?.value ?? max, max))
              return to > from ? (
                <path key={i} d={arc(92, 87, from, to)} fill={resolveColor(step.color, theme)} />
              ) : null
            })}
        <text
          x="100"
          y="104"
          textAnchor="middle"
          className="gauge-value"
          fontSize={Math.min(34, 230 / Math.max(4, text.length))}
          data-value
        >
          {text}
        </text>
      </svg>
      {isNamed || objectOf(options)['showName'] === true ? (
        <figcaption title={value.name}>{value.name}</figcaption>
      ) : null}
    </figure>
  )
}

/** A part of the ring between two shares of its length. */
function arc(outer: number, inner: number, from: number, to: number): string {
  const at = (radius: number, share: number): string => {
    const angle = START + SPAN * share
    return `${(100 + radius * Math.sin(angle)).toFixed(2)} ${(96 - radius * Math.cos(angle)).toFixed(2)}`
  }
  const large = (to - from) * SPAN > Math.PI ? 1 : 0
  return `M${at(outer, from)}A${outer} ${outer} 0 ${large} 1 ${at(outer, to)}L${at(inner, to)}A${inner} ${inner} 0 ${large} 0 ${at(inner, from)}Z`
}

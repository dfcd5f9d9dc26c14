import {
  resolveColor,
  scaleColor,
  colorModeOf,
  absoluteSteps,
  thresholdsOf,
  type ColorTheme,
} from '@promontory/panels'
import { useMemo, type ReactNode } from 'react'
import { singleValues, valueText, type SingleValue } from '../data/single-values.ts'
import { useDashboard } from '../view/context.ts'
import { NoData, type PanelProps } from './panel-props.tsx'

/** Values as bars between their least and greatest. */
export function BarGaugePanel(props: PanelProps): ReactNode {
  const { panel, data } = props
  const { theme, zone } = useDashboard()
  const values = useMemo(
    () => singleValues({ frames: data.frames, options: panel.options, theme, zone, scope: data.scope }),
    [data.frames, panel.options, theme, zone, data.scope],
  )
  if (values.length === 0) return <NoData {...props} />
  const isVertical = panel.options['orientation'] === 'vertical'
  const mode = String(panel.options['displayMode'] ?? 'gradient')
  return (
    <ul
      className={`bar-gauges${isVertical ? ' vertical' : ''}${values.some(({ name }) => name !== '') ? '' : ' nameless'}`}
    >
      {values.map((value) => (
        <li key={value.key}>
          <span className="name" title={value.name}>
            {value.name}
          </span>
          <span className={`track ${mode}`}>
            <span
              className="fill"
              style={{
                [isVertical ? 'height' : 'width']:
                  `${(Number.isNaN(value.display.numeric) ? 0 : value.display.share * 100).toFixed(2)}%`,
                background: mode === 'gradient' ? gradient(value, theme, isVertical) : value.display.color,
              }}
            />
          </span>
          <b className="number" data-value>
            {valueText(value)}
          </b>
        </li>
      ))}
    </ul>
  )
}

/** The colours that the bar has passed on its way to the value. */
function gradient(value: SingleValue, theme: ColorTheme, isVertical: boolean): string {
  const { field, min, max, display } = value
  const mode = colorModeOf(field.config.color).mode
  const direction = isVertical ? 'to top' : 'to right'
  if (mode.startsWith('continuous-')) {
    const stops = [0, 0.25, 0.5, 0.75, 1].map((share) => scaleColor(mode, share * display.share, theme))
    return `linear-gradient(${direction}, ${stops.join(', ')})`
  }
  if (mode !== 'thresholds') return display.color
  const steps = absoluteSteps(thresholdsOf(field.config.thresholds), min, max)
  const passed = steps.filter((step) => step.value <= display.numeric)
  const length = display.share * (max - min) || 1
  const stops = passed.map(
    (step) =>
      `${resolveColor(step.color, theme)} ${(Math.max(0, (Math.max(step.value, min) - min) / length) * 100).toFixed(1)}%`,
  )
  return stops.length > 1 ? `linear-gradient(${direction}, ${stops.join(', ')})` : display.color
}

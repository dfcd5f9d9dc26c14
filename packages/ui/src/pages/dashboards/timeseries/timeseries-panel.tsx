import { objectOf, textOf } from '@promontory/panels'
import { useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { NoData, useSize, type PanelProps } from '../panels/panel-props.tsx'
import { useDashboard } from '../view/context.ts'
import { PlotLegend } from './plot-legend.tsx'
import { plotData } from './plot-data.ts'
import { plotOf } from './plot.ts'
import { PlotMarks } from './plot-marks.ts'
import { PlotTooltip } from './tooltip.ts'

/** Lines, areas, bars and points over time. */
export function TimeSeriesPanel(props: PanelProps): ReactNode {
  const { data, panel } = props
  const { theme, zone } = useDashboard()
  const plotted = useMemo(() => plotData(data.frames, theme, zone), [data.frames, theme, zone])
  const [toggled, setToggled] = useState<ReadonlySet<string> | undefined>(undefined)
  const shown = useMemo(
    () => plotted.series.map((one) => !one.isHidden && (toggled === undefined || toggled.has(one.name))),
    [plotted, toggled],
  )
  if (plotted.series.length === 0 || plotted.times.length === 0) return <NoData panel={panel} data={data} />
  const legend = objectOf(panel.options['legend'])
  const isLegend = legend['showLegend'] !== false && textOf(legend['displayMode']) !== 'hidden'
  const isRight = legend['placement'] === 'right'
  return (
    <div className={`plot-panel${isRight && isLegend ? ' legend-right' : ''}`}>
      <Plot {...props} plotted={plotted} shown={shown} />
      {isLegend ? (
        <PlotLegend series={plotted.series} shown={shown} options={legend} onToggle={setToggled} />
      ) : null}
    </div>
  )
}

function Plot({
  data,
  panel,
  plotted,
  shown,
}: PanelProps & { plotted: ReturnType<typeof plotData>; shown: readonly boolean[] }): ReactNode {
  const { theme, zone, annotations, dashboard, setTime, annotate, removeAnnotation } = useDashboard()
  const host = useRef<HTMLDivElement>(null)
  const tip = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot>(null)
  const marks = useRef<PlotMarks>(null)
  const size = useSize(host)
  const zoom = useRef(setTime)
  zoom.current = setTime
  const note = useRef(annotate)
  note.current = annotate
  const { range } = data
  const shape = size.width > 0
  useEffect(() => {
    const element = host.current
    if (element === null || !shape) return
    const tooltip = new PlotTooltip(tip.current!, plotted, panel.options, zone)
    const { options, columns } = plotOf({
      data: plotted,
      shown,
      range,
      zone,
      theme,
      annotations,
      width: element.clientWidth,
      height: Math.max(40, element.clientHeight),
      syncKey: dashboard.graphTooltip > 0 ? `dashboard-${dashboard.uid}` : undefined,
      onCursor: (u) =>
        tooltip.update(
          u,
          u.cursor.event !== undefined && u.cursor.event !== null ? true : dashboard.graphTooltip === 2,
        ),
      onZoom: (from, to) => zoom.current({ from: String(from), to: String(to) }),
      onMark:
        annotate === undefined
          ? undefined
          : (fromMs, toMs) => note.current?.({ panelId: panel.id, fromMs, toMs }),
    })
    const made = new uPlot(options, columns, element)
    plot.current = made
    marks.current =
      data.exemplars.length === 0 && annotations.length === 0
        ? null
        : new PlotMarks(made, {
            data: plotted,
            exemplars: data.exemplars,
            annotations,
            zone,
            onRemove: removeAnnotation,
          })
    element.dataset['series'] = String(plotted.series.length)
    return () => {
      made.destroy()
      plot.current = null
      marks.current = null
    }
  }, [plotted, shown, range, zone, theme, annotations, data.exemplars, annotate === undefined, removeAnnotation, panel, dashboard.graphTooltip, dashboard.uid, shape]) // prettier-ignore
  useEffect(() => {
    if (size.width === 0) return
    plot.current?.setSize({ width: size.width, height: Math.max(40, size.height) })
    marks.current?.place()
  }, [size.width, size.height])
  return (
    <>
      <div
        ref={host}
        className="plot"
        role={data.exemplars.length > 0 || annotations.length > 0 ? 'group' : 'img'}
        aria-label={`${panel.title || 'Chart'}: ${plotted.series.length} series over time`}
        onDoubleClick={() => {
          const half = (range.toMs - range.fromMs) / 2
          setTime({
            from: String(Math.round(range.fromMs - half)),
            to: String(Math.round(range.toMs + half)),
          })
        }}
        onMouseLeave={() => tip.current !== null && (tip.current.hidden = true)}
      />
      <div ref={tip} className="plot-tip" hidden />
    </>
  )
}

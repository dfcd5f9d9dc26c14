import type { MatrixSeries, QueryData, VectorSeries } from '@promontory/api'
import { useState, type ReactNode } from 'react'
import { dateTime, seriesName } from '../../data/format.ts'
import { HistogramCell } from './histogram-cell.tsx'
import { EmptyState } from '../../parts/states.tsx'

const ROWS_AT_FIRST = 500

/** An instant answer, row by row. */
export function ResultTable({ data }: { data: QueryData }): ReactNode {
  const [all, setAll] = useState(false)
  if (data.resultType !== 'vector' && data.resultType !== 'matrix')
    return (
      <p>
        <span className="soft">{data.resultType}</span> <strong className="number">{data.result[1]}</strong>
      </p>
    )
  if (data.result.length === 0) return <EmptyState title="No series" text="Nothing matches at this time." />
  const result: readonly Row[] = data.result
  const rows = all ? result : result.slice(0, ROWS_AT_FIRST)
  return (
    <div className="table-wrap">
      <table className="grid">
        <thead>
          <tr>
            <th scope="col">Series</th>
            <th scope="col" className="right">
              Value
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((series, i) => (
            <tr key={i}>
              <td className="mono" style={{ overflowWrap: 'anywhere' }}>
                {seriesName(series.metric)}
              </td>
              <td className="right number">{valueOf(series)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length < data.result.length ? (
        <button
          type="button"
          className="button"
          style={{ margin: 'var(--space-3)' }}
          onClick={() => setAll(true)}
        >
          Show all {data.result.length} rows
        </button>
      ) : null}
    </div>
  )
}

type Row = VectorSeries | MatrixSeries

function valueOf(series: Row): ReactNode {
  if ('value' in series && series.value !== undefined) return series.value[1]
  if ('histogram' in series && series.histogram !== undefined)
    return <HistogramCell histogram={series.histogram[1]} />
  if ('histograms' in series && series.histograms !== undefined)
    return series.histograms.map(([timeS, histogram]) => <HistogramCell key={timeS} histogram={histogram} />)
  if (!('values' in series) || series.values === undefined) return ''
  return series.values.map(([timeS, value]) => (
    <div key={timeS}>
      {value} <span className="soft">@ {dateTime(timeS * 1000)}</span>
    </div>
  ))
}

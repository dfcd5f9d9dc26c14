import type { HistogramJson } from '@promontory/api'
import { Fragment, type ReactNode } from 'react'
import { shortNumber } from '../../data/format.ts'

/** Opening and closing bracket of a bucket by the API's number for its boundaries. */
const BRACKETS = ['(]', '[)', '()', '[]'] as const

/** A native histogram: count and sum, and its buckets as bars when it is opened. */
export function HistogramCell({ histogram }: { histogram: HistogramJson }): ReactNode {
  const { count, sum, buckets = [] } = histogram
  const most = Math.max(...buckets.map(([, , , inside]) => Number(inside)), Number.MIN_VALUE)
  return (
    <details>
      <summary>
        count {shortNumber(Number(count))}, sum {shortNumber(Number(sum))}, {buckets.length} buckets
      </summary>
      <div className="buckets small">
        {buckets.map(([boundary, lower, upper, inside]) => (
          <Fragment key={`${lower};${upper}`}>
            <span className="mono">
              {BRACKETS[boundary]?.[0]}
              {shortNumber(Number(lower))}, {shortNumber(Number(upper))}
              {BRACKETS[boundary]?.[1]}
            </span>
            <span className="bar">
              <i style={{ width: `${(100 * Number(inside)) / most}%` }} />
            </span>
            <span>{shortNumber(Number(inside))}</span>
          </Fragment>
        ))}
      </div>
    </details>
  )
}

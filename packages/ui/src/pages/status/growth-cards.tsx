import type { NamedCount, QueryData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { parseRange, wholeNumber } from '../../data/format.ts'
import { instantQuery, rangeQuery, singleValue, toNumber, vectorOf } from '../../data/queries.ts'
import { Segments } from '../../parts/segments.tsx'
import { Spark } from '../../parts/spark.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'
import { dropRule } from './drop-rule.ts'
import { anythingBefore, grownMetrics, newSeriesByJob, SCRAPED, type Span, SPANS } from './growth.ts'
import { Ranking } from './ranking.tsx'

const ROWS = 10
/** Above this, counting all series twice takes seconds: one has to ask for it. */
const SERIES_AT_ONCE = 200_000

/** Where new series come from: what grew, which jobs bring ever new ones, and how many series there were. */
export function GrowthCards({ series }: { series: number }): ReactNode {
  const [span, setSpan] = useState<Span>('1d')
  const [isAsked, setAsked] = useState(false)
  return (
    <section className="stack" aria-label="Growth">
      <div className="card-head">
        <h2 className="grow">Growth</h2>
        <Segments
          label="Compared with"
          choices={SPANS.map((choice) => [choice, choice] as const)}
          value={span}
          onChange={setSpan}
        />
      </div>
      <Scraped span={span} />
      <div className="two">
        {series > SERIES_AT_ONCE && !isAsked ? (
          <section className="card">
            <p>Counting {wholeNumber(series)} series twice takes a while.</p>
            <button type="button" className="button" onClick={() => setAsked(true)}>
              Compare with {span} ago
            </button>
          </section>
        ) : (
          <Grown span={span} />
        )}
        <NewSeries span={span} />
      </div>
    </section>
  )
}

function useVector(expr: string): {
  data: QueryData | undefined
  error: Error | null
  refetch: () => unknown
} {
  const { data, error, refetch } = useQuery({
    queryKey: ['growth', expr],
    queryFn: ({ signal }) => instantQuery(expr, signal),
    staleTime: 60_000,
  })
  return { data: data?.data, error, refetch }
}

function Grown({ span }: { span: Span }): ReactNode {
  const grown = useVector(grownMetrics(span, ROWS))
  const before = useVector(anythingBefore(span))
  const isNew = before.data !== undefined && singleValue(before.data) === undefined
  return (
    <Rows
      title={`Metrics that grew most since ${span} ago`}
      answer={grown}
      label="metric"
      remedy={(name) => dropRule('__name__', name)}
      empty={`No metric has more series than ${span} ago.`}
      {...(isNew
        ? { aside: <span className="small soft">nothing is stored from then: all count</span> }
        : {})}
    />
  )
}

function NewSeries({ span }: { span: Span }): ReactNode {
  return (
    <Rows
      title={`Jobs with the most new series in ${span}`}
      answer={useVector(newSeriesByJob(span, ROWS))}
      label="job"
      empty="No scrape has brought a series that was not there before."
    />
  )
}

function Rows({
  answer: { data, error, refetch },
  label,
  ...rest
}: {
  title: string
  answer: ReturnType<typeof useVector>
  label: string
  aside?: ReactNode
  remedy?: (name: string) => string
  empty: string
}): ReactNode {
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  if (data === undefined)
    return (
      <div className="card">
        <Skeleton lines={4} />
      </div>
    )
  const rows: NamedCount[] = vectorOf(data).map(({ metric, value }) => ({
    name: metric[label] ?? '',
    value: toNumber(value?.[1] ?? '') ?? 0,
  }))
  return <Ranking {...rest} rows={rows} format={(value) => `+${wholeNumber(value)}`} />
}

/** How many series scrapes brought, over the time. */
function Scraped({ span }: { span: Span }): ReactNode {
  const { data } = useQuery({
    queryKey: ['scraped', span],
    queryFn: ({ signal }) => {
      const nowS = Date.now() / 1000
      return rangeQuery(SCRAPED, nowS - (parseRange(span) ?? 3600), nowS, signal)
    },
    staleTime: 60_000,
  })
  const values = (data?.data[0]?.values ?? []).map(([, text]) => toNumber(text))
  const known = values.filter((value) => value !== null)
  if (known.length < 2) return null
  const [first, last] = [known[0]!, known.at(-1)!]
  return (
    <article className="card tile">
      <h3 className="tile-title">Series in scrapes</h3>
      <p className="tile-value">
        {wholeNumber(last)}{' '}
        <span className="small soft">
          {last >= first ? '+' : '−'}
          {wholeNumber(Math.abs(last - first))} in {span}
        </span>
      </p>
      <Spark values={values} />
    </article>
  )
}

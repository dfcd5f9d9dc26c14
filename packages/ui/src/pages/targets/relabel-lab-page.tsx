import type { RelabelStepsData } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { useState, type FormEvent, type ReactNode } from 'react'
import { ask, send } from '../../data/api.ts'
import { labelChanges, labelsFromText, ruleText } from '../../data/relabel.ts'
import { Badge } from '../../parts/badge.tsx'
import { Labels } from '../../parts/labels.tsx'
import { EmptyState } from '../../parts/states.tsx'
import { Outcome } from './service-discovery-page.tsx'
import { TargetTabs } from './target-tabs.tsx'

const EXAMPLE_LABELS =
  '__address__="10.0.0.5:8080"\n__meta_kubernetes_pod_label_app="web"\n__meta_kubernetes_namespace="shop"'
const EXAMPLE_RULES = `- source_labels: [__meta_kubernetes_namespace]
  regex: lab
  action: drop
- action: labelmap
  regex: __meta_kubernetes_pod_label_(.+)
- source_labels: [__address__]
  regex: ([^:]+).*
  target_label: __address__
  replacement: $1:9100`

interface Result {
  readonly input: Readonly<Record<string, string>>
  readonly answer: RelabelStepsData
}

/** Labels and relabelling rules to play with: what does each rule make of them? */
export function RelabelLabPage(): ReactNode {
  const asked = new URLSearchParams(window.location.search)
  const [labels, setLabels] = useState(asked.get('labels') ?? EXAMPLE_LABELS)
  const [pool, setPool] = useState(asked.get('scrapePool') ?? '')
  const [rules, setRules] = useState(EXAMPLE_RULES)
  const [result, setResult] = useState<Result>()
  const [fault, setFault] = useState<string>()
  const submit = async (event: FormEvent): Promise<void> => {
    event.preventDefault()
    try {
      const input = labelsFromText(labels)
      const body = new URLSearchParams({ labels: JSON.stringify(input), ...(pool === '' ? { relabel_configs: rules } : { scrapePool: pool }) }) // prettier-ignore
      const { data } = await send<RelabelStepsData>('targets/relabel_steps', body.toString(), 'application/x-www-form-urlencoded') // prettier-ignore
      setResult({ input, answer: data })
      setFault(undefined)
    } catch (error) {
      setResult(undefined)
      setFault((error as Error).message)
    }
  }
  return (
    <>
      <TargetTabs />
      <div className="page-head">
        <h1 className="grow">Relabel lab</h1>
      </div>
      <div className="stack">
        <form className="card card-body stack" onSubmit={(event) => void submit(event)}>
          <div className="two">
            <label className="stack small">
              Labels, one per line, or as JSON
              <textarea
                className="field mono"
                rows={11}
                spellCheck={false}
                value={labels}
                onChange={(event) => setLabels(event.target.value)}
              />
            </label>
            <div className="stack">
              <PoolChoice value={pool} onChange={setPool} />
              {pool === '' ? (
                <label className="stack small">
                  relabel_configs
                  <textarea
                    className="field mono"
                    rows={9}
                    spellCheck={false}
                    value={rules}
                    onChange={(event) => setRules(event.target.value)}
                  />
                </label>
              ) : (
                <p className="soft small">The rules of this job as it runs now.</p>
              )}
            </div>
          </div>
          <div className="row">
            <button className="button primary">Show every step</button>
          </div>
          {fault === undefined ? null : (
            <p className="notice bad" role="alert" style={{ whiteSpace: 'pre-wrap' }}>
              {fault}
            </p>
          )}
        </form>
        {result === undefined ? null : <Steps result={result} />}
      </div>
    </>
  )
}

function PoolChoice({ value, onChange }: { value: string; onChange: (pool: string) => void }): ReactNode {
  const { data } = useQuery({
    queryKey: ['scrape-pools'],
    queryFn: ({ signal }) => ask<{ scrapePools: readonly string[] }>('scrape_pools', {}, signal),
  })
  const names = new Set([...(data?.data.scrapePools ?? []), ...(value === '' ? [] : [value])])
  return (
    <label className="stack small">
      Rules of
      <select className="field" value={value} onChange={(event) => onChange(event.target.value)}>
        <option value="">the field below</option>
        {[...names].map((name) => (
          <option key={name} value={name}>
            {`job ${name}`}
          </option>
        ))}
      </select>
    </label>
  )
}

function Steps({ result: { input, answer } }: { result: Result }): ReactNode {
  const { steps, target } = answer
  const last = steps.at(-1)
  const end = steps.length === 0 ? input : last?.keep === true ? last.output : undefined
  return (
    <section className="card" aria-label="Steps">
      <div className="card-head">
        <h2 className="grow">Every step</h2>
        <Badge tone={end === undefined ? 'warn' : 'good'}>{end === undefined ? 'dropped' : 'kept'}</Badge>
      </div>
      {steps.length === 0 ? (
        <EmptyState icon="rules" title="No rules" text="The labels stay as they are." />
      ) : (
        <ol className="card-body stack">
          {steps.map((step, i) => {
            const before = i === 0 ? input : steps[i - 1]!.output
            const isReached = i === 0 || steps[i - 1]!.keep
            return (
              <li key={i}>
                <code>{ruleText(step.rule)}</code>
                <p className="small">
                  {isReached ? (
                    <StepOutcome step={step} before={before} />
                  ) : (
                    <span className="soft">not reached</span>
                  )}
                </p>
              </li>
            )
          })}
        </ol>
      )}
      <div className="card-body stack">
        {target !== undefined ? (
          <Outcome target={target} />
        ) : end === undefined ? null : (
          <Labels labels={end} />
        )}
      </div>
    </section>
  )
}

function StepOutcome({
  step,
  before,
}: {
  step: RelabelStepsData['steps'][number]
  before: Readonly<Record<string, string>>
}): ReactNode {
  if (!step.keep) return <Badge tone="warn">drops it here</Badge>
  const changes = labelChanges(before, step.output)
  if (changes.length === 0) return <span className="soft">changes nothing</span>
  return changes.map(([name, old, now]) => (
    <span key={name} className="row" style={{ overflowWrap: 'anywhere' }}>
      <b>{name}</b>
      {old === undefined ? null : <s>{JSON.stringify(old)}</s>}
      {now === undefined ? <span className="soft">removed</span> : <span>{JSON.stringify(now)}</span>}
    </span>
  ))
}

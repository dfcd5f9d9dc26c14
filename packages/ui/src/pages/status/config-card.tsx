import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { ErrorState, Skeleton } from '../../parts/states.tsx'

/** The configuration in use, with secrets left out by the server. */
export function ConfigCard(): ReactNode {
  const [copied, setCopied] = useState(false)
  const { data, error, refetch } = useQuery({
    queryKey: ['config'],
    queryFn: ({ signal }) => ask<{ yaml: string }>('status/config', {}, signal),
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  return (
    <section className="card">
      <div className="card-head">
        <h2 className="grow">Configuration in use</h2>
        <button
          type="button"
          className="button"
          disabled={data === undefined}
          onClick={() => void navigator.clipboard.writeText(data!.data.yaml).then(() => setCopied(true))}
        >
          {copied ? 'Copied' : 'Copy'}
        </button>
      </div>
      {data === undefined ? (
        <Skeleton lines={8} />
      ) : (
        <pre className="code" tabIndex={0}>
          {data.data.yaml}
        </pre>
      )}
    </section>
  )
}

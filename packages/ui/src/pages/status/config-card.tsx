import { useQuery } from '@tanstack/react-query'
import type { ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { CopyButton } from '../../parts/copy-button.tsx'
import { ErrorState, Skeleton } from '../../parts/states.tsx'

/** The configuration in use, with secrets left out by the server. */
export function ConfigCard(): ReactNode {
  const { data, error, refetch } = useQuery({
    queryKey: ['config'],
    queryFn: ({ signal }) => ask<{ yaml: string }>('status/config', {}, signal),
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  return (
    <section className="card">
      <div className="card-head">
        <h2 className="grow">Configuration in use</h2>
        <CopyButton text={data?.data.yaml ?? ''} />
      </div>
      {data === undefined ? (
        <Skeleton lines={8} />
      ) : (
        <pre className="code" tabIndex={0} aria-label="Configuration" role="region">
          {data.data.yaml}
        </pre>
      )}
    </section>
  )
}

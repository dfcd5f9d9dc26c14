import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { ask } from '../../data/api.ts'
import { isFound, SearchField } from '../../parts/search-field.tsx'
import { EmptyState, ErrorState, Skeleton } from '../../parts/states.tsx'

/** Every flag with its value. */
export function FlagsCard(): ReactNode {
  const [search, setSearch] = useState('')
  const { data, error, refetch } = useQuery({
    queryKey: ['flags'],
    queryFn: ({ signal }) => ask<Record<string, string>>('status/flags', {}, signal),
  })
  if (error !== null) return <ErrorState error={error} retry={() => void refetch()} />
  const flags = Object.entries(data?.data ?? {}).filter(([name, value]) =>
    isFound(search, [`${name}=${value}`]),
  )
  return (
    <section className="card">
      <div className="card-head">
        <h2 className="grow">Flags</h2>
        <SearchField label="Search flags" placeholder="Names, values" value={search} onChange={setSearch} />
      </div>
      {data === undefined ? (
        <Skeleton lines={8} />
      ) : flags.length === 0 ? (
        <EmptyState icon="search" title="No flag matches" text="Change the search." />
      ) : (
        <div className="table-wrap">
          <table className="grid">
            <thead>
              <tr>
                <th scope="col">Flag</th>
                <th scope="col">Value</th>
              </tr>
            </thead>
            <tbody>
              {flags.map(([name, value]) => (
                <tr key={name}>
                  <td className="mono nowrap">--{name}</td>
                  <td className="mono" style={{ overflowWrap: 'anywhere' }}>
                    {value}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  )
}

import { useQuery, useQueryClient, type UseQueryResult } from '@tanstack/react-query'
import { useState } from 'react'
import { grafana } from '../dashboards/data/grafana-api.ts'

/** What a path of the API lists. */
export function useList<T>(path: string): UseQueryResult<T> {
  return useQuery({
    queryKey: ['admin', path],
    queryFn: ({ signal }) => grafana<T>(path, { signal }),
    retry: false,
  })
}

/** Changes something, tells what went wrong, and has every list read again. */
export interface Work {
  readonly fault: string
  readonly isBusy: boolean
  /** @returns whether it was done */
  readonly run: (work: () => Promise<unknown>) => Promise<boolean>
}

export function useWork(): Work {
  const client = useQueryClient()
  const [fault, setFault] = useState('')
  const [isBusy, setBusy] = useState(false)
  return {
    fault,
    isBusy,
    run: async (work) => {
      setBusy(true)
      try {
        await work()
        setFault('')
        await client.invalidateQueries({ queryKey: ['admin'] })
        return true
      } catch (error) {
        setFault((error as Error).message)
        return false
      } finally {
        setBusy(false)
      }
    },
  }
}

import type { RuntimeInfo } from '@promontory/api'
import { useQuery } from '@tanstack/react-query'
import { ask } from './api.ts'
import { fileNextTo } from './file-name.ts'

/** {@link fileNextTo} the configuration that is in use. */
export function useFileName(): (file: string) => string {
  const { data } = useQuery({
    queryKey: ['runtimeinfo'],
    queryFn: ({ signal }) => ask<RuntimeInfo>('status/runtimeinfo', {}, signal),
  })
  return (file) => fileNextTo(data?.data.configFile, file)
}

import type { Collector } from './families.ts'
import { words } from './host-files.ts'

/** `/proc/meminfo`: `Active(anon)` becomes `Active_anon`, fields in kB become bytes. */
export const meminfoCollector: Collector = async (files, families) => {
  for (const line of await files.lines('proc', 'meminfo')) {
    const [key = '', value = '', unit] = words(line)
    const name = key.replace(/:$/, '').replace(/\(([^)]*)\)/, '_$1')
    // What node_exporter's reader does not know, it does not show.
    if (UNKNOWN_FIELDS.has(name)) continue
    const field = unit === 'kB' ? `${name}_bytes` : name
    const scale = unit === 'kB' ? 1024 : 1
    families.gauge(`node_memory_${field}`, `Memory information field ${field}.`, Number(value) * scale)
  }
}

const UNKNOWN_FIELDS: ReadonlySet<string> = new Set(['KReclaimable', 'FileHugePages', 'FilePmdMapped', 'Hugetlb', 'SecPageTables', 'Unaccepted', 'Balloon', 'GPUActive', 'GPUReclaim', 'ShadowCallStack', 'DirectMap4M']) // prettier-ignore

/** Paging counters, those that node_exporter shows by default. */
const VMSTAT_FIELDS = /^(oom_kill|pgpg|pswp|pg.*fault).*/

export const vmstatCollector: Collector = async (files, families) => {
  for (const line of await files.lines('proc', 'vmstat')) {
    const [name = '', value = ''] = words(line)
    if (VMSTAT_FIELDS.test(name))
      families.untyped(`node_vmstat_${name}`, `/proc/vmstat information field ${name}.`, Number(value))
  }
}

/** Open file handles of the whole machine. */
export const filefdCollector: Collector = async (files, families) => {
  const [allocated, , maximum] = words(await files.read('proc', 'sys/fs/file-nr')).map(Number)
  families.gauge('node_filefd_allocated', 'File descriptor statistics: allocated.', allocated ?? NaN)
  families.gauge('node_filefd_maximum', 'File descriptor statistics: maximum.', maximum ?? NaN)
}

/** The kernel's random pool. */
export const entropyCollector: Collector = async (files, families) => {
  const available = await files.read('proc', 'sys/kernel/random/entropy_avail')
  const size = await files.read('proc', 'sys/kernel/random/poolsize')
  families.gauge('node_entropy_available_bits', 'Bits of available entropy.', Number(available))
  families.gauge('node_entropy_pool_size_bits', 'Bits of entropy pool.', Number(size))
}

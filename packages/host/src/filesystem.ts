import type { StatsFs } from 'node:fs'
import { statfs } from 'node:fs/promises'
import type { Collector, Families } from './families.ts'
import { nonEmptyLines, words } from './host-files.ts'

/** node_exporter's defaults. */
const EXCLUDED_MOUNTS =
  /^\/(dev|proc|run\/credentials\/.+|sys|var\/lib\/docker\/.+|var\/lib\/containers\/storage\/.+)($|\/)/
const EXCLUDED_TYPES =
  /^(autofs|binfmt_misc|bpf|cgroup2?|configfs|debugfs|devpts|devtmpfs|erofs|fusectl|hugetlbfs|iso9660|mqueue|nsfs|overlay|proc|procfs|pstore|rpc_pipefs|securityfs|selinuxfs|squashfs|sysfs|tracefs)$/

/** A mount that does not answer (a dead NFS server) is given up on until it does. */
const STUCK_AFTER_MS = 2000
const stuck: Map<string, Promise<unknown>> = new Map()

interface Mount {
  readonly device: string
  readonly mountpoint: string
  readonly fstype: string
  readonly major: string
  readonly minor: string
  readonly readonly: boolean
}

/** Space and inodes by file system. */
export const filesystemCollector: Collector = async (files, families) => {
  const text = (await files.tryRead('proc', '1/mountinfo')) ?? (await files.read('proc', 'self/mountinfo'))
  const mounts = new Map<string, Mount>()
  for (const mount of nonEmptyLines(text).map(parseMount))
    if (mount !== undefined && !EXCLUDED_MOUNTS.test(mount.mountpoint) && !EXCLUDED_TYPES.test(mount.fstype))
      mounts.set(`${mount.device} ${mount.mountpoint}`, mount)
  await Promise.all([...mounts.values()].map((mount) => addMount(families, mount)))
}

function parseMount(line: string): Mount | undefined {
  const fields = words(line)
  const dash = fields.indexOf('-', 6)
  const [major = '', minor = ''] = (fields[2] ?? '').split(':')
  if (dash < 0 || minor === '') return undefined
  const options = `${fields[5]},${fields[dash + 3] ?? ''}`.split(',')
  return {
    device: fields[dash + 2] ?? '',
    mountpoint: (fields[4] ?? '').replaceAll('\\040', ' ').replaceAll('\\011', '\t'),
    fstype: fields[dash + 1] ?? '',
    major,
    minor,
    readonly: options.includes('ro') || options.includes('emergency_ro'),
  }
}

async function addMount(families: Families, mount: Mount): Promise<void> {
  const { device, mountpoint, fstype, major, minor } = mount
  const answer = await askMount(mountpoint)
  const labels = { device, mountpoint, fstype, device_error: answer.error }
  const isBad = answer.error !== ''
  families.gauge(
    'node_filesystem_device_error',
    'Whether an error occurred while getting statistics for the given device.',
    isBad ? 1 : 0,
    labels,
  )
  families.gauge('node_filesystem_readonly', 'Filesystem read-only status.', mount.readonly ? 1 : 0, labels)
  if (answer.stats === undefined) return
  const { bsize, blocks, bfree, bavail, files, ffree } = answer.stats
  families.gauge('node_filesystem_size_bytes', 'Filesystem size in bytes.', blocks * bsize, labels)
  families.gauge('node_filesystem_free_bytes', 'Filesystem free space in bytes.', bfree * bsize, labels)
  families.gauge(
    'node_filesystem_avail_bytes',
    'Filesystem space available to non-root users in bytes.',
    bavail * bsize,
    labels,
  )
  families.gauge('node_filesystem_files', 'Filesystem total file nodes.', files, labels)
  families.gauge('node_filesystem_files_free', 'Filesystem total free file nodes.', ffree, labels)
  families.gauge(
    'node_filesystem_purgeable_bytes',
    'Filesystem space available including purgeable space (MacOS specific).',
    0,
    labels,
  )
  families.gauge('node_filesystem_mount_info', 'Filesystem mount information.', 1, {
    device,
    major,
    minor,
    mountpoint,
  })
}

type Answer = { readonly error: string; readonly stats?: StatsFs }

async function askMount(mountpoint: string): Promise<Answer> {
  if (stuck.has(mountpoint)) return { error: 'mountpoint timeout' }
  const asked = statfs(mountpoint).then(
    (stats: StatsFs): Answer => ({ error: '', stats }),
    (error: { code?: string; message: string }): Answer => ({ error: goErrno(error) }),
  )
  const late = Symbol('late')
  let timer: ReturnType<typeof setTimeout> | undefined
  const timeout = new Promise<typeof late>((resolve) => {
    timer = setTimeout(() => resolve(late), STUCK_AFTER_MS)
  })
  const first = await Promise.race([asked, timeout])
  clearTimeout(timer)
  if (first !== late) return first
  stuck.set(
    mountpoint,
    asked.finally(() => stuck.delete(mountpoint)),
  )
  return { error: 'mountpoint timeout' }
}

const ERRNO_TEXTS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  EIO: 'input/output error',
  ENOTCONN: 'transport endpoint is not connected',
  ESTALE: 'stale NFS file handle',
}

function goErrno({ code = '', message }: { code?: string; message: string }): string {
  return ERRNO_TEXTS[code] ?? message
}

import { execFile } from 'node:child_process'
import type { Collector } from './families.ts'
import { NoDataError } from './host-files.ts'

/** Number of the system call `adjtimex`. */
const ADJTIMEX: Readonly<Record<string, number>> = { x64: 159, arm64: 171 }

/**
 * Node has no call for `adjtimex`; Perl, which every Debian and most others have, calls any. It only reads: `modes` is 0.
 * The kernel's `struct timex` of 64-bit systems, in its order: what the call returned, then the fields.
 */
const SCRIPT =
  'my $t = "\\0" x 256; my $s = syscall($ARGV[0] + 0, $t); exit 1 if $s < 0; print join(" ", $s, unpack("x8 q4 l x4 q3 x16 q2 q l x4 q5 l", $t));'
const TIMEOUT_MS = 2000
/** The discipline changes slowly: a process is not started for every scrape. */
const FRESH_MS = 15_000

/** `TIME_ERROR`: the clock is not synchronised. */
const TIME_ERROR = 5
/** `STA_NANO` of the status: offsets are nanoseconds. */
const STA_NANO = 0x2000
/** Frequencies are parts per million with 16 binary places. */
const PPM_SCALE = 65_536_000_000
const MICRO = 1e6

let last: { readonly atMs: number; readonly values: Promise<readonly number[]> } | undefined

/** How the kernel keeps its clock. Without Perl there is nothing to say. */
export const timexCollector: Collector = async (_files, families) => {
  const nowMs = performance.now()
  if (last === undefined || nowMs - last.atMs > FRESH_MS) last = { atMs: nowMs, values: adjtimex() }
  const [
    state = 0, offset = 0, frequency = 0, maxError = 0, estimatedError = 0, status = 0, constant = 0, , , tick = 0,
    ppsFrequency = 0, jitter = 0, shift = 0, stability = 0, jitters = 0, calibrations = 0, errors = 0, exceeded = 0, tai = 0,
  ] = await last.values // prettier-ignore
  const divisor = (status & STA_NANO) === 0 ? MICRO : 1e9
  const gauge = (name: string, help: string, value: number): void =>
    families.gauge(`node_timex_${name}`, help, value)
  const counter = (name: string, help: string, value: number): void =>
    families.counter(`node_timex_${name}_total`, help, value)
  gauge('sync_status', 'Is clock synchronized to a reliable server (1 = yes, 0 = no).', state === TIME_ERROR ? 0 : 1) // prettier-ignore
  gauge('offset_seconds', 'Time offset in between local system and reference clock.', offset / divisor)
  gauge('frequency_adjustment_ratio', 'Local clock frequency adjustment.', 1 + frequency / PPM_SCALE)
  gauge('maxerror_seconds', 'Maximum error in seconds.', maxError / MICRO)
  gauge('estimated_error_seconds', 'Estimated error in seconds.', estimatedError / MICRO)
  gauge('status', 'Value of the status array bits.', status)
  gauge('loop_time_constant', 'Phase-locked loop time constant.', constant)
  gauge('tick_seconds', 'Seconds between clock ticks.', tick / MICRO)
  gauge('pps_frequency_hertz', 'Pulse per second frequency.', ppsFrequency / PPM_SCALE)
  gauge('pps_jitter_seconds', 'Pulse per second jitter.', jitter / divisor)
  gauge('pps_shift_seconds', 'Pulse per second interval duration.', shift)
  gauge('pps_stability_hertz', 'Pulse per second stability, average of recent frequency changes.', stability / PPM_SCALE) // prettier-ignore
  counter('pps_jitter', 'Pulse per second count of jitter limit exceeded events.', jitters)
  counter('pps_calibration', 'Pulse per second count of calibration intervals.', calibrations)
  counter('pps_error', 'Pulse per second count of calibration errors.', errors)
  counter('pps_stability_exceeded', 'Pulse per second count of stability limit exceeded events.', exceeded)
  gauge('tai_offset_seconds', 'International Atomic Time (TAI) offset.', tai)
}

function adjtimex(): Promise<readonly number[]> {
  const call = ADJTIMEX[process.arch]
  return new Promise((resolve, reject) => {
    if (call === undefined || process.platform !== 'linux')
      return reject(new NoDataError(`no number of adjtimex is known for ${process.arch}`))
    execFile('perl', ['-e', SCRIPT, String(call)], { timeout: TIMEOUT_MS }, (error, output) =>
      error === null
        ? resolve(output.split(' ').map(Number))
        : reject(new NoDataError(`adjtimex cannot be asked: ${error.message}`)),
    )
  })
}

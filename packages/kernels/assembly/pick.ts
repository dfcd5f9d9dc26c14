const STALE: u64 = 0x7ff0000000000002

@inline function timeOf(times: usize, index: u32): f64 {
  return load<f64>(times + (<usize>index << 3))
}

/** Time of the sample at `index`; Infinity behind the last. */
@inline function timeAfter(times: usize, index: u32, count: u32): f64 {
  return index < count ? timeOf(times, index) : Infinity
}

/**
 * What an instant selector takes at each of `steps` steps, `width` ms apart from `first` on, each shifted back by `offset`: the newest of `count` samples
 * (`times` f64 ascending, `values` as bits) that is not after the step and less than `window` ms before it, unless it is a stale marker. Goes to `out`
 * (f64) where there is one; `flags` (u8) tells where.
 * @returns steps with a sample
 */
export function pickSteps(
  times: usize, values: usize, count: u32, first: f64, width: f64, offset: f64, window: f64, steps: u32, out: usize, flags: usize,
): u32 {
  let next: u32 = 0
  let newestTime: f64 = -Infinity
  let nextTime = timeAfter(times, 0, count)
  // Samples and steps are mostly as regular as each other: so many samples lay between the last two steps.
  let stride: u32 = 1
  let picked: u32 = 0
  for (let step: u32 = 0; step < steps; step++) {
    const at = first + <f64>step * width - offset
    if (nextTime <= at) {
      const before = next
      newestTime = nextTime
      nextTime = timeAfter(times, ++next, count)
      // Branches, which are foreseen, rather than a choice of indices, which the loads would have to wait for.
      if (nextTime <= at) {
        const far = before + stride
        if (far > next && far <= count && timeOf(times, far - 1) <= at) {
          next = far
          newestTime = timeOf(times, far - 1)
          nextTime = timeAfter(times, far, count)
        }
        while (nextTime <= at) {
          newestTime = nextTime
          nextTime = timeAfter(times, ++next, count)
        }
        stride = next - before
      }
    }
    let isPicked: u8 = 0
    if (newestTime > at - window) {
      const value = load<u64>(values + (<usize>(next - 1) << 3))
      if (value != STALE) {
        store<u64>(out + (<usize>step << 3), value)
        isPicked = 1
      }
    }
    store<u8>(flags + step, isPicked)
    picked += isPicked
  }
  return picked
}

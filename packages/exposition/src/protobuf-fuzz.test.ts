import fc from 'fast-check'
import { FloatHistogram } from '@promontory/model'
import { ProtoWriter } from '@promontory/wire'
import { expect, test } from 'vitest'
import { ExpositionError } from './errors.ts'
import { parseProtobuf } from './protobuf-parser.ts'

function family(name: string, type: number, metric: (out: ProtoWriter) => void): Buffer {
  const out = new ProtoWriter()
  out.string(1, name)
  out.string(2, 'Help.')
  out.integer(3, type)
  out.nested(4, () => {
    out.nested(1, () => {
      out.string(1, 'a')
      out.string(2, 'é')
    })
    metric(out)
    out.integer(6, 1_700_000_000_000)
  })
  out.string(5, 'seconds')
  const body = out.view()
  const length = new ProtoWriter()
  length.varint(body.length)
  return Buffer.concat([length.view(), body])
}

function exemplar(out: ProtoWriter, field: number): void {
  out.nested(field, () => {
    out.nested(1, () => {
      out.string(1, 'trace')
      out.string(2, 'x')
    })
    out.double(2, 1)
    out.nested(3, () => out.integer(1, 1_700_000_000))
  })
}

/** A family of each kind, every field that is read in one of them. */
const BODY = Buffer.concat([
  family('c_total', 0, (out) =>
    out.nested(3, () => {
      out.double(1, 5)
      exemplar(out, 2)
      out.nested(3, () => out.integer(1, 1_600_000_000))
    }),
  ),
  family('g', 1, (out) => out.nested(2, () => out.double(1, 5))),
  family('s', 2, (out) =>
    out.nested(4, () => {
      out.integer(1, 4)
      out.double(2, 9)
      out.nested(3, () => {
        out.double(1, 0.5)
        out.double(2, 1)
      })
    }),
  ),
  family('h', 4, (out) =>
    out.nested(7, () => {
      out.integer(1, 6)
      out.double(2, 12.5)
      out.nested(3, () => {
        out.integer(1, 2)
        out.double(2, 1)
        exemplar(out, 3)
      })
      out.signed(5, 3)
      out.double(6, 1e-128)
      out.integer(7, 1)
      for (const field of [9, 12])
        out.nested(field, () => {
          out.signed(1, 1)
          out.integer(2, 2)
        })
      for (const field of [10, 13]) {
        out.signed(field, 1)
        out.signed(field, 1)
      }
      exemplar(out, 16)
    }),
  ),
])

/** Parses, and checks that what comes out is no more than what came in. */
function read(bytes: Uint8Array): 'whole' | 'refused' {
  let parts = 0
  const options = { nativeHistograms: true, keepClassic: true, createdTimes: true, typeAndUnitLabels: true }
  let end: 'whole' | 'refused' = 'whole'
  try {
    parseProtobuf(bytes, options, {
      sample: (_labels, _value, _timeMs, exemplars) => void (parts += 1 + exemplars.length),
      histogram: (_labels, histogram, _timeMs, exemplars) => {
        expect(histogram).toBeInstanceOf(FloatHistogram)
        parts += 1 + exemplars.length + histogram.positiveBuckets.length + histogram.negativeBuckets.length
      },
      metadata: () => {},
    })
  } catch (error) {
    expect(error).toBeInstanceOf(ExpositionError)
    end = 'refused'
  }
  expect(parts).toBeLessThanOrEqual(3 * bytes.length)
  return end
}

const at = fc.nat(BODY.length - 1)
const bend = fc.oneof(
  fc.record({ kind: fc.constant('set' as const), at, with: fc.uint8Array({ minLength: 1, maxLength: 4 }) }),
  fc.record({ kind: fc.constant('insert' as const), at, with: fc.uint8Array({ minLength: 1, maxLength: 12 }) }),
  fc.record({ kind: fc.constant('cut' as const), at, with: fc.uint8Array({ minLength: 1, maxLength: 30 }) }),
) // prettier-ignore

test('the body itself is whole', () => expect(read(BODY)).toBe('whole'))

test('bent bodies end whole or in an ExpositionError, and give no more than they hold', () => {
  const ends = { whole: 0, refused: 0 }
  fc.assert(
    fc.property(fc.array(bend, { minLength: 1, maxLength: 4 }), (bends) => {
      let bytes = BODY
      for (const { kind, at: place, with: other } of bends) {
        const behind = kind === 'insert' ? place : place + other.length
        const middle = kind === 'cut' ? Buffer.alloc(0) : Buffer.from(other)
        bytes = Buffer.concat([bytes.subarray(0, place), middle, bytes.subarray(behind)])
      }
      ends[read(bytes)]++
    }),
    { numRuns: 3000 },
  )
  expect(Math.min(ends.whole, ends.refused)).toBeGreaterThan(0)
})

test('lengths that boast are refused', () => {
  const huge = Buffer.from([0xff, 0xff, 0xff, 0xff, 0x7f])
  for (let place = 0; place < BODY.length; place++)
    read(Buffer.concat([BODY.subarray(0, place), huge, BODY.subarray(place + 1)]))
})

// Reductions over the 64 invocations of a workgroup by a fixed binary tree: the same bits on every run. All 64 must call them.
var<workgroup> reduction: array<f32, 64>;

fn workgroupSum(lane: u32, value: f32) -> f32 {
  reduction[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half = half / 2u) {
    if (lane < half) {
      reduction[lane] = reduction[lane] + reduction[lane + half];
    }
    workgroupBarrier();
  }
  let total = reduction[0];
  workgroupBarrier();
  return total;
}

fn workgroupMax(lane: u32, value: f32) -> f32 {
  reduction[lane] = value;
  workgroupBarrier();
  for (var half = 32u; half > 0u; half = half / 2u) {
    if (lane < half) {
      reduction[lane] = max(reduction[lane], reduction[lane + half]);
    }
    workgroupBarrier();
  }
  let largest = reduction[0];
  workgroupBarrier();
  return largest;
}

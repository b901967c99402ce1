enable subgroups;
// requires: lib/triangle.wgsl
// Partial Gram of a block of rows, for software adapters: g = sum of x_r^T x_r over firstRow <= r < endRow, in float32.
// One quad of invocations makes one upper-triangle tile of 32 x 32; grid = (tiles, tile rows of this dispatch, 1).
//   x       [rows, columns] float32, row-major.
//   g       [tiles (tiles + 1) / 2][32][32] float32: packed upper tiles (lib/triangle.wgsl); unspecified outside the matrix.
//   params  see struct.
// Lanes hold columns 4 c + lane of the tile, c < 8, in two vec4; rows are handed around by quadBroadcast. Four rows of x per turn
// are summed before they meet the accumulator, so an entry sees (endRow - firstRow) / 4 + 4 roundings. A software adapter loads by
// gathers of about 75 instructions and keeps every `var` in memory, hence the large tile, the long expressions and no barrier.
// Reference: Golub & Van Loan, Matrix Computations, 1.1.18 (outer-product form), upper half only.

struct Params {
  columns: u32,
  firstRow: u32,
  endRow: u32,
  tiles: u32,
  firstTileRow: u32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> g: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

const SIDE = 32u;

fn four(at: u32) -> vec4f {
  return vec4f(x[at], x[at + 4u], x[at + 8u], x[at + 12u]);
}

fn putRow(at: u32, row: vec4f) {
  g[at] = row.x;
  g[at + 4u] = row.y;
  g[at + 8u] = row.z;
  g[at + 12u] = row.w;
}

fn put(at: u32, block: mat4x4f) {
  putRow(at, block[0]);
  putRow(at + 4u * SIDE, block[1]);
  putRow(at + 8u * SIDE, block[2]);
  putRow(at + 12u * SIDE, block[3]);
}

@compute @workgroup_size(4)
fn main(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = group.y + params.firstTileRow;
  let j = group.x;
  if (i > j) {
    return;
  }
  let columns = params.columns;
  let rowSide = i * SIDE + lane;
  let columnSide = j * SIDE + lane;
  var m000: mat4x4f; var m001: mat4x4f;
  var m010: mat4x4f; var m011: mat4x4f;
  var m020: mat4x4f; var m021: mat4x4f;
  var m030: mat4x4f; var m031: mat4x4f;
  var m100: mat4x4f; var m101: mat4x4f;
  var m110: mat4x4f; var m111: mat4x4f;
  var m120: mat4x4f; var m121: mat4x4f;
  var m130: mat4x4f; var m131: mat4x4f;
  for (var r = params.firstRow; r < params.endRow; r += 4u) {
    let r0 = r * columns;
    let r1 = min(r + 1u, params.endRow - 1u) * columns;
    let r2 = min(r + 2u, params.endRow - 1u) * columns;
    let r3 = min(r + 3u, params.endRow - 1u) * columns;
    // The last row stands in for rows beyond the end, with weight 0.
    let inside1 = f32(r + 1u < params.endRow);
    let inside2 = f32(r + 2u < params.endRow);
    let inside3 = f32(r + 3u < params.endRow);
    let a00 = four(r0 + rowSide);
    let a01 = four(r0 + rowSide + 16u);
    let b00 = four(r0 + columnSide);
    let b01 = four(r0 + columnSide + 16u);
    let a10 = inside1 * four(r1 + rowSide);
    let a11 = inside1 * four(r1 + rowSide + 16u);
    let b10 = four(r1 + columnSide);
    let b11 = four(r1 + columnSide + 16u);
    let a20 = inside2 * four(r2 + rowSide);
    let a21 = inside2 * four(r2 + rowSide + 16u);
    let b20 = four(r2 + columnSide);
    let b21 = four(r2 + columnSide + 16u);
    let a30 = inside3 * four(r3 + rowSide);
    let a31 = inside3 * four(r3 + rowSide + 16u);
    let b30 = four(r3 + columnSide);
    let b31 = four(r3 + columnSide + 16u);
    // tile rows 4 e + 0
    let p000 = quadBroadcast(a00, 0u);
    let p001 = quadBroadcast(a10, 0u);
    let p002 = quadBroadcast(a20, 0u);
    let p003 = quadBroadcast(a30, 0u);
    m000 = mat4x4f(
      m000[0] + (p000.x * b00 + p001.x * b10 + p002.x * b20 + p003.x * b30),
      m000[1] + (p000.y * b00 + p001.y * b10 + p002.y * b20 + p003.y * b30),
      m000[2] + (p000.z * b00 + p001.z * b10 + p002.z * b20 + p003.z * b30),
      m000[3] + (p000.w * b00 + p001.w * b10 + p002.w * b20 + p003.w * b30),
    );
    m001 = mat4x4f(
      m001[0] + (p000.x * b01 + p001.x * b11 + p002.x * b21 + p003.x * b31),
      m001[1] + (p000.y * b01 + p001.y * b11 + p002.y * b21 + p003.y * b31),
      m001[2] + (p000.z * b01 + p001.z * b11 + p002.z * b21 + p003.z * b31),
      m001[3] + (p000.w * b01 + p001.w * b11 + p002.w * b21 + p003.w * b31),
    );
    // tile rows 4 e + 1
    let p010 = quadBroadcast(a00, 1u);
    let p011 = quadBroadcast(a10, 1u);
    let p012 = quadBroadcast(a20, 1u);
    let p013 = quadBroadcast(a30, 1u);
    m010 = mat4x4f(
      m010[0] + (p010.x * b00 + p011.x * b10 + p012.x * b20 + p013.x * b30),
      m010[1] + (p010.y * b00 + p011.y * b10 + p012.y * b20 + p013.y * b30),
      m010[2] + (p010.z * b00 + p011.z * b10 + p012.z * b20 + p013.z * b30),
      m010[3] + (p010.w * b00 + p011.w * b10 + p012.w * b20 + p013.w * b30),
    );
    m011 = mat4x4f(
      m011[0] + (p010.x * b01 + p011.x * b11 + p012.x * b21 + p013.x * b31),
      m011[1] + (p010.y * b01 + p011.y * b11 + p012.y * b21 + p013.y * b31),
      m011[2] + (p010.z * b01 + p011.z * b11 + p012.z * b21 + p013.z * b31),
      m011[3] + (p010.w * b01 + p011.w * b11 + p012.w * b21 + p013.w * b31),
    );
    // tile rows 4 e + 2
    let p020 = quadBroadcast(a00, 2u);
    let p021 = quadBroadcast(a10, 2u);
    let p022 = quadBroadcast(a20, 2u);
    let p023 = quadBroadcast(a30, 2u);
    m020 = mat4x4f(
      m020[0] + (p020.x * b00 + p021.x * b10 + p022.x * b20 + p023.x * b30),
      m020[1] + (p020.y * b00 + p021.y * b10 + p022.y * b20 + p023.y * b30),
      m020[2] + (p020.z * b00 + p021.z * b10 + p022.z * b20 + p023.z * b30),
      m020[3] + (p020.w * b00 + p021.w * b10 + p022.w * b20 + p023.w * b30),
    );
    m021 = mat4x4f(
      m021[0] + (p020.x * b01 + p021.x * b11 + p022.x * b21 + p023.x * b31),
      m021[1] + (p020.y * b01 + p021.y * b11 + p022.y * b21 + p023.y * b31),
      m021[2] + (p020.z * b01 + p021.z * b11 + p022.z * b21 + p023.z * b31),
      m021[3] + (p020.w * b01 + p021.w * b11 + p022.w * b21 + p023.w * b31),
    );
    // tile rows 4 e + 3
    let p030 = quadBroadcast(a00, 3u);
    let p031 = quadBroadcast(a10, 3u);
    let p032 = quadBroadcast(a20, 3u);
    let p033 = quadBroadcast(a30, 3u);
    m030 = mat4x4f(
      m030[0] + (p030.x * b00 + p031.x * b10 + p032.x * b20 + p033.x * b30),
      m030[1] + (p030.y * b00 + p031.y * b10 + p032.y * b20 + p033.y * b30),
      m030[2] + (p030.z * b00 + p031.z * b10 + p032.z * b20 + p033.z * b30),
      m030[3] + (p030.w * b00 + p031.w * b10 + p032.w * b20 + p033.w * b30),
    );
    m031 = mat4x4f(
      m031[0] + (p030.x * b01 + p031.x * b11 + p032.x * b21 + p033.x * b31),
      m031[1] + (p030.y * b01 + p031.y * b11 + p032.y * b21 + p033.y * b31),
      m031[2] + (p030.z * b01 + p031.z * b11 + p032.z * b21 + p033.z * b31),
      m031[3] + (p030.w * b01 + p031.w * b11 + p032.w * b21 + p033.w * b31),
    );
    // tile rows 16 + 4 e + 0
    let p100 = quadBroadcast(a01, 0u);
    let p101 = quadBroadcast(a11, 0u);
    let p102 = quadBroadcast(a21, 0u);
    let p103 = quadBroadcast(a31, 0u);
    m100 = mat4x4f(
      m100[0] + (p100.x * b00 + p101.x * b10 + p102.x * b20 + p103.x * b30),
      m100[1] + (p100.y * b00 + p101.y * b10 + p102.y * b20 + p103.y * b30),
      m100[2] + (p100.z * b00 + p101.z * b10 + p102.z * b20 + p103.z * b30),
      m100[3] + (p100.w * b00 + p101.w * b10 + p102.w * b20 + p103.w * b30),
    );
    m101 = mat4x4f(
      m101[0] + (p100.x * b01 + p101.x * b11 + p102.x * b21 + p103.x * b31),
      m101[1] + (p100.y * b01 + p101.y * b11 + p102.y * b21 + p103.y * b31),
      m101[2] + (p100.z * b01 + p101.z * b11 + p102.z * b21 + p103.z * b31),
      m101[3] + (p100.w * b01 + p101.w * b11 + p102.w * b21 + p103.w * b31),
    );
    // tile rows 16 + 4 e + 1
    let p110 = quadBroadcast(a01, 1u);
    let p111 = quadBroadcast(a11, 1u);
    let p112 = quadBroadcast(a21, 1u);
    let p113 = quadBroadcast(a31, 1u);
    m110 = mat4x4f(
      m110[0] + (p110.x * b00 + p111.x * b10 + p112.x * b20 + p113.x * b30),
      m110[1] + (p110.y * b00 + p111.y * b10 + p112.y * b20 + p113.y * b30),
      m110[2] + (p110.z * b00 + p111.z * b10 + p112.z * b20 + p113.z * b30),
      m110[3] + (p110.w * b00 + p111.w * b10 + p112.w * b20 + p113.w * b30),
    );
    m111 = mat4x4f(
      m111[0] + (p110.x * b01 + p111.x * b11 + p112.x * b21 + p113.x * b31),
      m111[1] + (p110.y * b01 + p111.y * b11 + p112.y * b21 + p113.y * b31),
      m111[2] + (p110.z * b01 + p111.z * b11 + p112.z * b21 + p113.z * b31),
      m111[3] + (p110.w * b01 + p111.w * b11 + p112.w * b21 + p113.w * b31),
    );
    // tile rows 16 + 4 e + 2
    let p120 = quadBroadcast(a01, 2u);
    let p121 = quadBroadcast(a11, 2u);
    let p122 = quadBroadcast(a21, 2u);
    let p123 = quadBroadcast(a31, 2u);
    m120 = mat4x4f(
      m120[0] + (p120.x * b00 + p121.x * b10 + p122.x * b20 + p123.x * b30),
      m120[1] + (p120.y * b00 + p121.y * b10 + p122.y * b20 + p123.y * b30),
      m120[2] + (p120.z * b00 + p121.z * b10 + p122.z * b20 + p123.z * b30),
      m120[3] + (p120.w * b00 + p121.w * b10 + p122.w * b20 + p123.w * b30),
    );
    m121 = mat4x4f(
      m121[0] + (p120.x * b01 + p121.x * b11 + p122.x * b21 + p123.x * b31),
      m121[1] + (p120.y * b01 + p121.y * b11 + p122.y * b21 + p123.y * b31),
      m121[2] + (p120.z * b01 + p121.z * b11 + p122.z * b21 + p123.z * b31),
      m121[3] + (p120.w * b01 + p121.w * b11 + p122.w * b21 + p123.w * b31),
    );
    // tile rows 16 + 4 e + 3
    let p130 = quadBroadcast(a01, 3u);
    let p131 = quadBroadcast(a11, 3u);
    let p132 = quadBroadcast(a21, 3u);
    let p133 = quadBroadcast(a31, 3u);
    m130 = mat4x4f(
      m130[0] + (p130.x * b00 + p131.x * b10 + p132.x * b20 + p133.x * b30),
      m130[1] + (p130.y * b00 + p131.y * b10 + p132.y * b20 + p133.y * b30),
      m130[2] + (p130.z * b00 + p131.z * b10 + p132.z * b20 + p133.z * b30),
      m130[3] + (p130.w * b00 + p131.w * b10 + p132.w * b20 + p133.w * b30),
    );
    m131 = mat4x4f(
      m131[0] + (p130.x * b01 + p131.x * b11 + p132.x * b21 + p133.x * b31),
      m131[1] + (p130.y * b01 + p131.y * b11 + p132.y * b21 + p133.y * b31),
      m131[2] + (p130.z * b01 + p131.z * b11 + p132.z * b21 + p133.z * b31),
      m131[3] + (p130.w * b01 + p131.w * b11 + p132.w * b21 + p133.w * b31),
    );
  }
  let tile = packedTile(i, j, params.tiles) * SIDE * SIDE + lane;
  put(tile + 0u, m000);
  put(tile + 16u, m001);
  put(tile + 32u, m010);
  put(tile + 48u, m011);
  put(tile + 64u, m020);
  put(tile + 80u, m021);
  put(tile + 96u, m030);
  put(tile + 112u, m031);
  put(tile + 512u, m100);
  put(tile + 528u, m101);
  put(tile + 544u, m110);
  put(tile + 560u, m111);
  put(tile + 576u, m120);
  put(tile + 592u, m121);
  put(tile + 608u, m130);
  put(tile + 624u, m131);
}

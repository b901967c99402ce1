/** Four vectors side by side, as the loops over eigenvectors take them: component j of vector `lane` is x[4 j + lane]. */

/** The rest of the lane, where `vector` is shorter, becomes zero. */
export function setLane(x: Float64Array, lane: number, vector: Float64Array): void {
  for (let j = 0; j < vector.length; j++) x[4 * j + lane] = vector[j]!;
  for (let p = 4 * vector.length + lane; p < x.length; p += 4) x[p] = 0;
}

export function getLane(x: Float64Array, lane: number, vector: Float64Array): void {
  for (let j = 0; j < vector.length; j++) vector[j] = x[4 * j + lane]!;
}

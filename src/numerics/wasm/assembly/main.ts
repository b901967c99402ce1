export { multiplyTiles } from './exact-products';

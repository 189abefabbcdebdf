export { TEST_CARDS } from "./card-network.ts";
export { startShop } from "./shop.ts";
export type { ShopConfig } from "./shop.ts";
export { placeOrder, startTraffic } from "./traffic.ts";

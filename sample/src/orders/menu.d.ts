export interface MenuItem {
  readonly id: string;
  readonly name: string;
  /** In cents. */
  readonly price: number;
}
/** What the bakery sells. */
export declare const MENU: readonly MenuItem[];
export declare function findMenuItem(id: string): MenuItem | undefined;

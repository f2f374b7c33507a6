/** Mixed precision: native/operators/autocast.cc. */
export interface NativeAutocast {
  is_autocast_available(device: string): boolean;
  is_autocast_enabled(device: string): boolean;
  set_autocast_enabled(device: string, enabled: boolean): void;
  get_autocast_dtype(device: string): number;
  set_autocast_dtype(device: string, dtype: number): void;
  is_autocast_cache_enabled(): boolean;
  set_autocast_cache_enabled(enabled: boolean): void;
  clear_autocast_cache(): void;
  autocast_increment_nesting(): number;
  autocast_decrement_nesting(): number;
}

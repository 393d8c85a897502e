@0xb0a1b2c3d4e5f603;
# Types that two services use.

struct Shared {
  id @0 :UInt64;
}

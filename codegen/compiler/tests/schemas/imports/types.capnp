@0xb6a3b5a1a1c0f020; struct OnlyType { a @0 :Inner; struct Inner { b @0 :import "chain.capnp".Chain; } }

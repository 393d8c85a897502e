@0xb0a1b2c3d4e5f601;

using Bus = import "/dsoftbus/bus.capnp";

interface Greeter $Bus.channel(0x0101) {
  hello @0 (name :Text) -> (greeting :Text);   # Greets `name`.
}

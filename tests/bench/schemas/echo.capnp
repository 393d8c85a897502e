@0xd3f1a60c9b2e4781;
# The least a service can do: what a call costs beyond it is the bus.

using Bus = import "/dsoftbus/bus.capnp";

interface Echo $Bus.channel(0x0101) {
  echo @0 (msg :Text) -> (reply :Text);
  # Answers with the text it was given.
}

interface Objects $Bus.channel(0x0102) $Bus.level(1) {
  echo @0 (msg :Text) -> (reply :Text);
  # The same, on the engine that carries objects.
}

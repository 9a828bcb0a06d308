"""The engine: values, the model, rules and their verdicts, parameters, waivers, and the run over them."""

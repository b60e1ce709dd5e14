"""The face: claims, evidence, verdicts, the report and the command `gda`."""

"""How findings are told: a scorecard, SARIF, JUnit, pages; and accepted, or mended."""

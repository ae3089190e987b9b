"""What an office signs and sends up: sheets, and plan against done; one table model, written in four ways."""

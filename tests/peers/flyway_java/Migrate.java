// SPDX-License-Identifier: Apache-2.0
import org.flywaydb.core.Flyway;

/** Flyway's migrate on the folder given; the database by FLYWAY_URL and so on, or by a second word. */
public class Migrate {
    public static void main(String[] words) {
        var configuration = Flyway.configure().envVars().locations("filesystem:" + words[0]);
        configuration.baselineOnMigrate(true).baselineVersion("0");
        if (words.length > 1) configuration.dataSource(words[1], null, null);
        System.out.println(configuration.load().migrate().migrationsExecuted);
    }
}

// SPDX-License-Identifier: Apache-2.0
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.SQLException;

/** Runs the statements of a file, one a line, and prints the SQLSTATE of each line "# name". */
public class Operations {
    public static void main(String[] words) throws Exception {
        try (var connection = DriverManager.getConnection(System.getenv("JDBC_DATABASE_URL"))) {
            String name = null;
            String state = "done";
            for (String line : Files.readAllLines(Path.of(words[0]))) {
                if (line.startsWith("# ")) {
                    if (name != null) System.out.println(name + " " + state);
                    name = line.substring(2);
                    state = "done";
                    continue;
                }
                try (var statement = connection.prepareStatement(line)) {
                    statement.execute();
                } catch (SQLException error) {
                    if (state.equals("done")) state = error.getSQLState();
                }
            }
            System.out.println(name + " " + state);
        }
    }
}
